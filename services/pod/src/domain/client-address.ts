/** `::ffff:1.2.3.4`, as a dual-stack listener reports an IPv4 client, is 1.2.3.4. Other addresses stay. */
export function normalAddress(address: string | undefined): string {
  if (address === undefined) return '';
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address);
  return mapped?.[1] ?? address;
}
