/** The least level that is written, in all and of single components. */
export interface LogLevels {
  readonly level: string;
  /** `master.reconcile` → `debug`; a component's parts have its level, if none of their own. */
  readonly ofComponents: ReadonlyMap<string, string>;
  /** What could not be read, as it was written. */
  readonly unknown: readonly string[];
}

export const LOG_LEVELS: ReadonlySet<string> = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']);
const DEFAULT_LEVEL = 'info';

/** `info,master.reconcile=debug`: one level for all, and others for some. */
export function readLogLevels(text: string): LogLevels {
  let level = DEFAULT_LEVEL;
  const ofComponents = new Map<string, string>();
  const unknown: string[] = [];
  for (const part of text.split(',').map((one) => one.trim())) {
    if (part === '') continue;
    const [, component, asked = ''] = /^(?:([a-z][a-z0-9.-]*)=)?([a-z]+)$/.exec(part) ?? [];
    if (!LOG_LEVELS.has(asked)) unknown.push(part);
    else if (component === undefined) level = asked;
    else ofComponents.set(component, asked);
  }
  return { level, ofComponents, unknown };
}

/** That of the longest name that the component's begins with: `master` means `master.reconcile`, too. */
export function levelOf({ level, ofComponents }: LogLevels, component: string): string {
  for (let name = component; name !== ''; name = name.slice(0, Math.max(0, name.lastIndexOf('.')))) {
    const own = ofComponents.get(name);
    if (own !== undefined) return own;
  }
  return level;
}
