import type { EdgeKey } from './ids.js';

/** `stream-0`, `back-source-0`: names work directories, log lines and table rows. */
export function edgeName(key: EdgeKey): string {
  return `${key.role}-${key.slot}`;
}
