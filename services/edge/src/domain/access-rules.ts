import type { ReferSettings, SecurityRule, Use } from './access-settings.js';
import { isInNetwork } from './cidr.js';

/**
 * Why `security` keeps that address out, or null. As SRS: a deny that means it comes first, wherever it stands; then an
 * allow lets it in; whom none means stays out if there is any allow, or no rule at all.
 */
export function securityRefusal(rules: readonly SecurityRule[], use: Use, address: string): string | null {
  const means = (rule: SecurityRule) => rule.use === use && isOf(rule, address);
  if (rules.some((rule) => rule.is === 'deny' && means(rule))) return `${address} is denied to ${use}`;
  const allows = rules.filter(({ is }) => is === 'allow');
  if (allows.some(means) || (allows.length === 0 && rules.length > 0)) return null;
  return `${address} is not allowed to ${use}`;
}

function isOf({ of }: SecurityRule, address: string): boolean {
  return typeof of === 'string' ? of === 'all' || of === address : isInNetwork(address, of);
}

/** Whether a page at that address may embed a player (or publisher). Null sites: any. */
export function isReferred(sites: ReferSettings[keyof ReferSettings], pageUrl: string): boolean {
  if (sites === null) return true;
  const domain = domainOf(pageUrl);
  // As SRS: where the site first stands in the domain, it has to be its end. `a.com` means `www.a.com`, and `ba.com` too.
  return sites.some((site) => {
    const at = domain.indexOf(site);
    return at >= 0 && at === domain.length - site.length;
  });
}

function domainOf(pageUrl: string): string {
  const scheme = pageUrl.indexOf('://');
  const rest = scheme < 0 ? pageUrl : pageUrl.slice(scheme + 3);
  return rest.split('/', 1)[0]?.split(':', 1)[0] ?? '';
}
