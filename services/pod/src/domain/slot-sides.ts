/** A slot has two sides, so that an edge and the one that replaces it have a name, a directory and a log of their own. */
const OTHER_SIDE = '.b';

/** The name of an edge in slot `slot` (`stream-0`), unless that is taken: `stream-0.b`. */
export function sideName(slot: string, taken: readonly string[]): string {
  return taken.includes(slot) ? slot + OTHER_SIDE : slot;
}

export function sidesOf(slot: string): string[] {
  return [slot, slot + OTHER_SIDE];
}

/** `slot` means both its sides, `stream-0.b` that one. */
export function isMeantBy(asked: string, edge: string): boolean {
  return edge === asked || edge === asked + OTHER_SIDE;
}
