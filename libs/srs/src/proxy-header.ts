/**
 * The RTMP proxy header, sent before C0 so that an SRS (>= 3) logs the real address of a relayed client: F3, the
 * length as u16, then that many bytes, here the 4 of an IPv4 address (srs_protocol_rtmp_stack.cpp,
 * SrsHandshakeBytes::read_c0c1). There is no form for IPv6: null for whatever is not dotted IPv4.
 */
export function encodeProxyHeader(ipv4: string): Buffer | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(ipv4.replace(/^::ffff:/i, ''));
  const bytes = match?.slice(1).map(Number) ?? [];
  return bytes.length === 4 && bytes.every((byte) => byte <= 255) ? Buffer.from([0xf3, 0, 4, ...bytes]) : null;
}
