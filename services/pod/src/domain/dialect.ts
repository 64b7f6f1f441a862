import { DOLPHIN_VERSION } from '@dolphin/protocol';
import type { ConfDialect } from './render-conf-dialect.js';

/** What kind of server a binary is: what its conf may say, and which headers it understands. */
export type Dialect = ConfDialect;

/**
 * From what `<binary> -v` printed: SRS prints its bare version (`5.0.216`, on stderr), the built-in server its name
 * or this build's version. Null: nothing that looks like a version.
 */
export function dialectFrom(versionOutput: string): Dialect | null {
  if (/dolphin/i.test(versionOutput) || versionOutput.trim() === DOLPHIN_VERSION) return 'builtin';
  const match = /(\d{1,3})\.\d{1,4}(?:\.\d{1,6})?/.exec(versionOutput);
  if (match?.[1] === undefined) return null;
  const major = Number(match[1]);
  if (major <= 2) return 'srs2';
  return major === 3 ? 'srs3' : major === 4 ? 'srs4' : 'srs5';
}

/** The RTMP proxy header (F3) came with SRS 3; the built-in server learns addresses by hand-off only. */
export function readsProxyHeader(dialect: Dialect): boolean {
  return dialect !== 'builtin' && dialect !== 'srs2';
}
