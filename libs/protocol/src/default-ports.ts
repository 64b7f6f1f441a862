/** The clients' ports of a host, and the master's API. */
export const PUBLIC_RTMP_PORT = 19350;
export const PUBLIC_HTTP_PORT = 8088;
export const GLOBAL_API_PORT = 33330;
