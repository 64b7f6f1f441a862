/** The farm of programs that are told no other. */
export const DEFAULT_FARM = 'main';
/** The clients' ports of a host, and the master's API. */
export const PUBLIC_RTMP_PORT = 19350;
export const PUBLIC_HTTP_PORT = 8088;
export const GLOBAL_API_PORT = 33330;
/** Where edges listen, unless their host is given another private address. */
export const DEFAULT_PRIVATE_ADDRESS = '127.0.0.1';
