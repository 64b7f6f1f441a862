import type { EdgeSettings } from './settings.js';
import type { VhostSettings } from './vhost-settings.js';

/** What is bound to the process: another value takes effect when it is started again. Named as in the conf. */
const BOUND: readonly (readonly [name: keyof EdgeSettings, directive: string])[] = [
  ['rtmp', 'listen'],
  ['http', 'http_server'],
  ['api', 'http_api'],
  ['serverId', 'server_id'],
  ['pidFile', 'pid'],
  ['workDir', 'work_dir'],
  ['log', 'srs_log_tank'],
];

export type ReloadPlan =
  | {
      readonly is: 'replace';
      /** In force from now on. What did not change is the same object as before. */
      readonly settings: EdgeSettings;
      /** What takes effect, for the log: names of settings, and of vhosts with what became of them. */
      readonly changed: readonly string[];
      /** Directives that differ in the new conf and stay as they were until the next start. */
      readonly kept: readonly string[];
    }
  /** Nothing of the new conf takes effect. */
  | { readonly is: 'refuse'; readonly why: string };

/**
 * What a reload does. Ports, directories and names of the process stay (SRS aborts on another `listen`). A vhost that
 * turns from origin to edge, or back, is refused with all else: its streams would have two sources. Nobody is cut:
 * what runs goes on with the settings that it began with, and clients of a vhost that went stay, as with SRS.
 */
export function planReload(now: EdgeSettings, asked: EdgeSettings): ReloadPlan {
  const vhosts = new Map<string, VhostSettings>();
  const changed: string[] = [];
  for (const [name, vhost] of asked.vhosts) {
    const before = now.vhosts.get(name);
    if (before?.enabled && vhost.enabled && (before.origins === null) !== (vhost.origins === null)) {
      return { is: 'refuse', why: `vhost ${name}: another mode needs a start` };
    }
    const same = before !== undefined && sameData(before, vhost);
    vhosts.set(name, same ? before : vhost);
    if (!same) changed.push(`vhost ${name} ${before === undefined ? 'added' : 'changed'}`);
  }
  for (const name of now.vhosts.keys()) if (!asked.vhosts.has(name)) changed.push(`vhost ${name} removed`);

  const bound = new Map(BOUND);
  const kept: string[] = [];
  const stays: [name: string, value: unknown][] = [];
  for (const name of Object.keys(asked) as (keyof EdgeSettings)[]) {
    if (name === 'vhosts') continue;
    const directive = bound.get(name);
    const same = sameData(now[name], asked[name]);
    if (same || directive !== undefined) stays.push([name, now[name]]);
    if (!same && directive !== undefined) kept.push(directive);
    if (!same && directive === undefined) changed.push(name);
  }
  return { is: 'replace', settings: { ...asked, ...Object.fromEntries(stays), vhosts }, changed, kept };
}

/** Settings are plain data: numbers, texts, lists and records of them. */
function sameData(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [ours, theirs] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  if (ours.size !== theirs.size) return false;
  for (const [name, value] of ours) if (!theirs.has(name) || !sameData(value, theirs.get(name))) return false;
  return true;
}
