import { DOLPHIN_VERSION } from '@dolphin/protocol';
import type { ConfDialect } from './render-conf-dialect.js';

/** What kind of server a binary is: what its conf may say, and which headers it understands. */
export type Dialect = ConfDialect;

const VERSION = /(\d{1,3})\.(\d{1,4})(?:\.\d{1,6})?/;

/**
 * From what `<binary> -v` printed: SRS prints its bare version (`5.0.216`, on stderr), the built-in server its name
 * or this build's version. Null: nothing that looks like a version.
 */
export function dialectFrom(versionOutput: string): Dialect | null {
  if (/dolphin/i.test(versionOutput) || versionOutput.trim() === DOLPHIN_VERSION) return 'builtin';
  const version = srsVersion(versionOutput);
  if (version === null) return null;
  const { major } = version;
  if (major <= 2) return 'srs2';
  return major === 3 ? 'srs3' : major === 4 ? 'srs4' : 'srs5';
}

/** `5.0.216` → its numbers; null for what is not a version. */
export function srsVersion(versionOutput: string): { major: number; minor: number; text: string } | null {
  const match = VERSION.exec(versionOutput);
  return match === null ? null : { major: Number(match[1]), minor: Number(match[2]), text: match[0] };
}

/** The RTMP proxy header (F3) came with SRS 3; the built-in server learns addresses by hand-off only. */
export function readsProxyHeader(dialect: Dialect): boolean {
  return dialect !== 'builtin' && dialect !== 'srs2';
}
