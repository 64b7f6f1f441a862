import { type IpAddress, type IpPrefix, isWithin, parseAddress, parsePrefix } from './ip-prefix.js';

/** `allow` or `deny`, and whom: an address, a prefix, or everybody. */
interface AccessRule {
  readonly allow: boolean;
  readonly prefix: IpPrefix | 'all';
}

export type AccessRules = readonly AccessRule[];

/** `deny 203.0.113.0/24`, `allow 2001:db8::1`, `deny all`; null for anything else. */
export function parseAccessRule(text: string): AccessRule | null {
  const [, word, whom = ''] = /^(allow|deny) +(\S+)$/.exec(text.trim()) ?? [];
  if (word === undefined) return null;
  const prefix = whom === 'all' ? whom : parsePrefix(whom);
  return prefix === null ? null : { allow: word === 'allow', prefix };
}

/** Those that can be read, in their order; the schema refused the others. */
export function parseAccessRules(texts: readonly string[]): AccessRules {
  return texts.flatMap((text) => parseAccessRule(text) ?? []);
}

/**
 * The first rule that means the address decides, as in nginx; whom none means is allowed. So exceptions stand above what
 * they are exceptions from, and `deny all` at the end makes it a list of the allowed. An address that cannot be read
 * (that of a socket that broke meanwhile) is meant by `all` only.
 */
export function isAllowed(rules: AccessRules, address: string): boolean {
  if (rules.length === 0) return true;
  const parsed = parseAddress(address);
  return rules.find((rule) => means(rule, parsed))?.allow ?? true;
}

function means({ prefix }: AccessRule, address: IpAddress | null): boolean {
  return prefix === 'all' || (address !== null && isWithin(address, prefix));
}
