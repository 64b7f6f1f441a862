import { isIPv6 } from 'node:net';

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

/** What a front sends for a health check of its own. */
export const PROXY_LOCAL = Buffer.concat([SIGNATURE, Buffer.from([0x20, 0x00, 0, 0])]);

/** The header that a front sends for a client at this address. */
export function proxyV2(address: string, o: { tlvs?: Buffer } = {}): Buffer {
  const tlvs = o.tlvs ?? Buffer.alloc(0);
  const v6 = isIPv6(address);
  const ports = Buffer.from([0x9c, 0x40, 0x07, 0x8f]);
  const addresses = v6
    ? Buffer.concat([v6Bytes(address), v6Bytes('::1'), ports])
    : Buffer.concat([Buffer.from(address.split('.').map(Number)), Buffer.from([127, 0, 0, 1]), ports]);
  const length = addresses.length + tlvs.length;
  const fixed = Buffer.from([0x21, v6 ? 0x21 : 0x11, length >> 8, length & 255]);
  return Buffer.concat([SIGNATURE, fixed, addresses, tlvs]);
}

/** By the URL parser, which knows every spelling. */
function v6Bytes(address: string): Buffer {
  const [front = '', back] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const groups = (text: string | undefined) => (text ? text.split(':') : []);
  const missing = 8 - groups(front).length - groups(back).length;
  const all = [...groups(front), ...(back === undefined ? [] : new Array<string>(missing).fill('0')), ...groups(back)];
  return Buffer.from(all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]));
}
