import { ConfError, type ConfView, type Directive } from '@dolphin/srs/conf.js';
import { type Cidr, parseCidr } from './cidr.js';

/** What a client is there for. */
export type Use = 'play' | 'publish';

/** `allow play 10.0.0.0/8;` of `security`. */
export interface SecurityRule {
  readonly is: 'allow' | 'deny';
  readonly use: Use;
  /** Which addresses it means: all, one as it is written, or those of a network. */
  readonly of: 'all' | string | Cidr;
}

/** Sites by their domain. Null: not restricted; an empty list lets nobody in, as in SRS. */
export interface ReferSettings {
  readonly all: readonly string[] | null;
  readonly play: readonly string[] | null;
  readonly publish: readonly string[] | null;
}

export const HOOK_NAMES = ['on_connect', 'on_close', 'on_publish', 'on_unpublish', 'on_play', 'on_stop'] as const;
export type HookName = (typeof HOOK_NAMES)[number];
/** The URLs to call, in the conf's order. */
export type HookUrls = Readonly<Record<HookName, readonly string[]>>;

/** What a vhost's conf says about who may come in; null for what it does not restrict. */
export interface AccessSettings {
  readonly security: readonly SecurityRule[] | null;
  readonly refer: ReferSettings | null;
  readonly hooks: HookUrls | null;
  /** Who connects is shown to the origin first, which may refuse. */
  readonly tokenTraverse: boolean;
}

/**
 * Null: everybody may come in. `cluster`: where token_traverse stands; an origin has nobody to show a token to. Throws
 * ConfError: what restricts access is obeyed or refused, since a rule that is passed over opens what somebody closed.
 */
export function readAccess(vhost: ConfView, cluster: ConfView, isEdge: boolean): AccessSettings | null {
  const security = readSecurity(vhost.block('security'));
  const refer = readRefer(vhost);
  const hooks = readHooks(vhost.block('http_hooks'));
  const tokenTraverse = cluster.onOff('token_traverse', false) && isEdge;
  const isOpen = security === null && refer === null && hooks === null && !tokenTraverse;
  return isOpen ? null : { security, refer, hooks, tokenTraverse };
}

function readSecurity(view: ConfView): readonly SecurityRule[] | null {
  if (!view.onOff('enabled', false)) return null;
  const rules: SecurityRule[] = [];
  for (const item of view.directives) {
    if (item.name === 'allow' || item.name === 'deny') rules.push(ruleOf(item, item.name));
    else if (item.name !== 'enabled') throw errorAt(item, `security has allow and deny, not ${item.name}`);
  }
  return rules;
}

function ruleOf(item: Directive, is: SecurityRule['is']): SecurityRule {
  const [use, of] = item.args;
  if (use !== 'play' && use !== 'publish') throw errorAt(item, `${is} is for play or publish, not ${use ?? 'nothing'}`);
  if (of === undefined) throw errorAt(item, `${is} ${use} lacks its address: all, an address, or a network`);
  if (of === 'all') return { is, use, of };
  // SRS takes a network that it cannot read for one without addresses: a deny that denies nobody.
  if (!of.includes('/')) return { is, use, of };
  const cidr = parseCidr(of);
  if (cidr === null) throw errorAt(item, `${of} is no IPv4 network such as 10.0.0.0/8; for everybody write all`);
  return { is, use, of: cidr };
}

/** In 2015 it was `refer`, `refer_play` and `refer_publish` in the vhost itself, and on by being there. */
function readRefer(vhost: ConfView): ReferSettings | null {
  const view = vhost.block('refer');
  const isBlock = vhost.find('refer')?.block !== undefined;
  const old = {
    all: isBlock ? null : sitesOf(vhost, 'refer'),
    play: sitesOf(vhost, 'refer_play'),
    publish: sitesOf(vhost, 'refer_publish'),
  };
  const isOld = old.all !== null || old.play !== null || old.publish !== null;
  if (!isBlock || !view.onOff('enabled', isOld)) return isOld ? old : null;
  for (const item of view.directives) {
    if (!['enabled', 'all', 'play', 'publish'].includes(item.name)) {
      throw errorAt(item, `refer has all, play and publish, not ${item.name}`);
    }
  }
  return {
    all: sitesOf(view, 'all'),
    play: old.play ?? sitesOf(view, 'play'),
    publish: old.publish ?? sitesOf(view, 'publish'),
  };
}

function sitesOf(view: ConfView, name: string): readonly string[] | null {
  return view.has(name) ? view.strings(name) : null;
}

function readHooks(view: ConfView): HookUrls | null {
  if (!view.onOff('enabled', false)) return null;
  for (const item of view.directives) {
    if (item.name !== 'enabled' && !HOOK_NAMES.some((name) => name === item.name)) {
      throw errorAt(item, `http_hooks: ${item.name} is not there yet: take it out`);
    }
    if (item.name !== 'enabled') for (const url of item.args) checkUrl(item, url);
  }
  const urls = (name: HookName) => view.strings(name);
  return {
    on_connect: urls('on_connect'),
    on_close: urls('on_close'),
    on_publish: urls('on_publish'),
    on_unpublish: urls('on_unpublish'),
    on_play: urls('on_play'),
    on_stop: urls('on_stop'),
  };
}

function checkUrl(item: Directive, url: string): void {
  if (!/^https?:\/\/[^/?#]/i.test(url) || !URL.canParse(url)) {
    throw errorAt(item, `${item.name} wants URLs of http or https, not ${url}`);
  }
}

function errorAt({ file, line }: Directive, why: string): ConfError {
  return new ConfError(file, line, why);
}
