/** A block of addresses: `10.0.0.0/8`, `2001:db8::/32`, or one address. */
export interface AddressPrefix {
  readonly bytes: readonly number[];
  readonly bits: number;
}

/** Null: no address, or no length that fits it. */
export function parsePrefix(text: string): AddressPrefix | null {
  const [address = '', length, more] = text.split('/');
  const bytes = addressBytes(address);
  if (bytes === null || more !== undefined) return null;
  if (length === undefined) return { bytes, bits: bytes.length * 8 };
  if (!/^\d{1,3}$/.test(length) || Number(length) > bytes.length * 8) return null;
  return { bytes, bits: Number(length) };
}

/** `address` as a socket has it, a mapped IPv4 one included; false for what is no address. */
export function isWithin(address: string, prefixes: readonly AddressPrefix[]): boolean {
  if (prefixes.length === 0) return false;
  const bytes = addressBytes(address.replace(/^::ffff:(?=\d+\.)/i, ''));
  return bytes !== null && prefixes.some((prefix) => hasPrefix(bytes, prefix));
}

function hasPrefix(bytes: readonly number[], prefix: AddressPrefix): boolean {
  if (bytes.length !== prefix.bytes.length) return false;
  return bytes.every((byte, index) => {
    const bits = Math.min(8, Math.max(0, prefix.bits - index * 8));
    return (byte ^ (prefix.bytes[index] ?? 0)) >> (8 - bits) === 0;
  });
}

/** 4 or 16 bytes; null: no address. A zone (`%eth0`) is none either: it means something on one host only. */
function addressBytes(text: string): number[] | null {
  return text.includes(':') ? ipv6Bytes(text) : ipv4Bytes(text);
}

function ipv4Bytes(text: string): number[] | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) return null;
  return parts.map(Number);
}

function ipv6Bytes(text: string): number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [front, back] = halves.map((half) => groupBytes(half));
  if (front === null || back === null || front === undefined) return null;
  if (back === undefined) return front.length === 16 ? front : null;
  const missing = 16 - front.length - back.length;
  return missing < 2 ? null : [...front, ...new Array<number>(missing).fill(0), ...back];
}

/** The last group may be dotted. */
function groupBytes(half: string): number[] | null {
  if (half === '') return [];
  const groups = half.split(':');
  const bytes = groups.map((group, index) => {
    if (index === groups.length - 1 && group.includes('.')) return ipv4Bytes(group);
    return /^[0-9a-fA-F]{1,4}$/.test(group)
      ? [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]
      : null;
  });
  return bytes.every((each) => each !== null) ? bytes.flat() : null;
}
