import type { EdgeKey } from '@dolphin/protocol';

/** `stream-2`; null: no name of an edge. Both edges of a slot, `stream-2` and `stream-2.b`, are that slot's. */
export function edgeKeyOf(name: string): EdgeKey | null {
  const [, role, slot] = /^(stream|back-source|http)-(\d{1,3})(?:\.b)?$/.exec(name) ?? [];
  return role === 'stream' || role === 'back-source' || role === 'http' ? { role, slot: Number(slot) } : null;
}
