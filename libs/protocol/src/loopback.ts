/** `127.0.0.1`, `::1`, `localhost`: this machine alone. By number: any other name may mean another address tomorrow. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}
