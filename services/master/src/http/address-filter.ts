import { BlockList, isIP } from 'node:net';

/** Whether an address is the one of `text`, or in its prefix (`203.0.113.0/24`, `2001:db8::/32`); null: `text` is neither. */
export function addressFilter(text: string): ((address: string) => boolean) | null {
  const [, address = '', bits] = /^([0-9A-Fa-f.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  const whole = version === 4 ? 32 : 128;
  const length = bits === undefined ? whole : Number(bits);
  if (version === 0 || length > whole) return null;
  const list = new BlockList();
  list.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6');
  return (other) => isIP(other) === version && list.check(other, version === 4 ? 'ipv4' : 'ipv6');
}
