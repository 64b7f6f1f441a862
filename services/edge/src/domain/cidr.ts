/** An IPv4 network, as numbers. */
export interface Cidr {
  readonly network: number;
  readonly mask: number;
}

/** `10.0.0.0/8`; the prefix is 1 to 32, as SRS has them. Null for anything else. */
export function parseCidr(text: string): Cidr | null {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(text);
  const address = parseIpv4(match?.[1] ?? '');
  const bits = Number(match?.[2]);
  if (match === null || address === null || bits < 1 || bits > 32) return null;
  const mask = bits === 32 ? 0xffffffff : (~(0xffffffff >>> bits) & 0xffffffff) >>> 0;
  return { network: (address & mask) >>> 0, mask };
}

/** False for what is no IPv4 address: no IPv4 network has it. */
export function isInNetwork(address: string, { network, mask }: Cidr): boolean {
  const number = parseIpv4(address);
  return number !== null && (number & mask) >>> 0 === network;
}

function parseIpv4(text: string): number | null {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) return null;
  return parts.reduce((number, part) => number * 256 + part, 0);
}
