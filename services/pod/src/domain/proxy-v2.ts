/** The longest header that is read: the least that every path carries in one segment (spec 2.2, RFC 879's 536 bytes). */
export const MAX_PROXY_HEADER_BYTES = 536;

const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const FIXED_BYTES = 16;
const LOCAL = 0x20;
const PROXY = 0x21;
const TCP4 = 0x11;
const TCP6 = 0x21;

export type ProxyHeader =
  | { readonly type: 'more' }
  /** `address` is null for LOCAL: the peer speaks for itself (its health check). `bytes`: the length of the header. */
  | { readonly type: 'header'; readonly address: string | null; readonly bytes: number }
  | { readonly type: 'bad'; readonly why: string };

/**
 * The header of the PROXY protocol, version 2 (haproxy.org, proxy-protocol.txt, 2.2), at the beginning of `input`. Of
 * what it tells, the source's address is kept; extensions (TLVs, the checksum among them) are skipped by their length.
 * Version 1, datagrams and unix sockets are refused: no front of a media port needs them.
 */
export function parseProxyV2(input: Uint8Array): ProxyHeader {
  const seen = Math.min(input.length, SIGNATURE.length);
  for (let i = 0; i < seen; i++) if (input[i] !== SIGNATURE[i]) return bad('no PROXY v2 signature');
  if (input.length < FIXED_BYTES) return { type: 'more' };
  const command = input[12] ?? 0;
  if (command !== LOCAL && command !== PROXY) return bad(`command ${hex(command)}`);
  const family = input[13] ?? 0;
  const length = ((input[14] ?? 0) << 8) | (input[15] ?? 0);
  const bytes = FIXED_BYTES + length;
  if (bytes > MAX_PROXY_HEADER_BYTES) return bad(`${bytes} bytes long`);
  if (command === PROXY && family !== TCP4 && family !== TCP6) return bad(`family ${hex(family)}`);
  const addressBytes = command === LOCAL ? 0 : family === TCP4 ? 12 : 36;
  if (length < addressBytes) return bad('no room for its addresses');
  if (input.length < bytes) return { type: 'more' };
  if (command === LOCAL) return { type: 'header', address: null, bytes };
  const source = input.subarray(FIXED_BYTES, FIXED_BYTES + (family === TCP4 ? 4 : 16));
  return { type: 'header', address: family === TCP4 ? source.join('.') : ipv6Text(source), bytes };
}

/** As RFC 5952 has it; a mapped IPv4 address as plain IPv4, like everywhere here. */
function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return bytes.subarray(12).join('.');
  const zeros = longestZeros(groups);
  const text = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  if (zeros.length < 2) return text(groups);
  return `${text(groups.slice(0, zeros.start))}::${text(groups.slice(zeros.start + zeros.length))}`;
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: index - length + 1, length };
  }
  return best;
}

function bad(why: string): ProxyHeader {
  return { type: 'bad', why };
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}
