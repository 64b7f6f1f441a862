/** An IP address in 32-bit words, most significant first: one for IPv4, four for IPv6. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly words: readonly number[];
}

/** All addresses whose first `bits` bits are these. */
export interface IpPrefix extends IpAddress {
  readonly bits: number;
}

/**
 * Reads an address as sockets report it; null for anything else. An IPv4 address mapped into IPv6 (`::ffff:1.2.3.4`) is
 * the IPv4 address; a zone (`fe80::1%eth0`) is left away.
 */
export function parseAddress(text: string): IpAddress | null {
  if (!text.includes(':')) {
    const word = parseV4(text);
    return word === null ? null : { family: 4, words: [word] };
  }
  const words = parseV6(text.replace(/%[\w.-]+$/, ''));
  if (words === null) return null;
  const [a, b, c, d] = words as [number, number, number, number];
  return a === 0 && b === 0 && c === 0xffff ? { family: 4, words: [d] } : { family: 6, words };
}

/** `203.0.113.0/24`, `2001:db8::/32`, or one address. Null for anything else, also for bits set after the prefix. */
export function parsePrefix(text: string): IpPrefix | null {
  const [addressText = '', bitsText, ...rest] = text.split('/');
  if (rest.length > 0) return null;
  const address = parseAddress(addressText);
  if (address === null) return null;
  const wholeBits = address.words.length * 32;
  if (bitsText === undefined) return { ...address, bits: wholeBits };
  if (!/^(0|[1-9]\d{0,2})$/.test(bitsText)) return null;
  const isMapped = address.family === 4 && addressText.includes(':');
  const bits = Number(bitsText) - (isMapped ? 96 : 0);
  if (bits < 0 || bits > wholeBits) return null;
  const isClean = address.words.every((word, index) => (word & maskOf(bits - index * 32)) >>> 0 === word);
  return isClean ? { ...address, bits } : null;
}

/** Never true across families: `::/0` means IPv6, not everybody. */
export function isWithin(address: IpAddress, prefix: IpPrefix): boolean {
  if (address.family !== prefix.family) return false;
  return prefix.words.every((word, index) => {
    const mask = maskOf(prefix.bits - index * 32);
    return ((address.words[index] ?? 0) & mask) >>> 0 === word;
  });
}

/**
 * Whom a limit per address means: an IPv4 address, or the /64 of an IPv6 one. A /64 is what one household or one rented
 * server has; counted by the whole address, each of them would have 2^64 allowances.
 */
export function addressKey(address: string): string {
  const parsed = parseAddress(address);
  if (parsed === null) return address;
  if (parsed.family === 4) return `4:${parsed.words[0]}`;
  return `6:${parsed.words[0]}:${parsed.words[1]}`;
}

/** The first `bits` of 32; below 0 none, above 32 all. */
function maskOf(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? 0xffffffff : (0xffffffff << (32 - bits)) >>> 0;
}

function parseV4(text: string): number | null {
  const parts = text.split('.');
  // 010 is 8 to some and 10 to others.
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) return null;
  return parts.reduce((word, part) => word * 256 + Number(part), 0);
}

function parseV6(text: string): number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = halves.map(groupsOf) as [number[] | null, number[] | null | undefined];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = tail === undefined ? head : [...head, ...new Array<number>(missing).fill(0), ...tail];
  return [0, 2, 4, 6].map((index) => (groups[index] ?? 0) * 65_536 + (groups[index + 1] ?? 0));
}

/** Groups of 16 bits; the last two may be written as an IPv4 address. */
function groupsOf(text: string): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const v4 = index === parts.length - 1 && part.includes('.') ? parseV4(part) : null;
    if (v4 !== null) groups.push(v4 >>> 16, v4 & 0xffff);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return null;
  }
  return groups;
}
