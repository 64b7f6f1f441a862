/** A player whose outstanding write keeps a slab in memory that its stream's ring has given up. */
export interface Pin {
  /** Which slab: players that write the same one share its memory. */
  readonly slab: string;
  readonly bytes: number;
  /** When its write last made progress, in ms. */
  readonly sinceMs: number;
}

/**
 * The players to be closed, so that what only slow players still hold is at most `limitBytes`: those that stand still
 * longest first. A slab goes with the last player that writes it.
 */
export function pinsToClose<P extends Pin>(pins: readonly P[], limitBytes: number): P[] {
  const holders = new Map<string, number>();
  let bytes = 0;
  for (const pin of pins) {
    const known = holders.get(pin.slab) ?? 0;
    holders.set(pin.slab, known + 1);
    if (known === 0) bytes += pin.bytes;
  }
  const close: P[] = [];
  for (const pin of [...pins].sort((a, b) => a.sinceMs - b.sinceMs)) {
    if (bytes <= limitBytes) break;
    const left = (holders.get(pin.slab) ?? 1) - 1;
    holders.set(pin.slab, left);
    if (left === 0) bytes -= pin.bytes;
    close.push(pin);
  }
  return close;
}
