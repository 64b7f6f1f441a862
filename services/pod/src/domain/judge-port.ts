import type { PortHolder } from '@dolphin/runtime';

/** Which addresses a bind failed on, and who has the port. */
export interface ProbeResult {
  readonly loopbackFree: boolean;
  readonly holders: readonly PortHolder[];
}

/**
 * `passing`: held by an outgoing connection, which ends by itself. A connection from another loopback address than the
 * edge's (our own relays use them) does not keep the edge from binding.
 */
export function judgePort(probe: ProbeResult): 'free' | 'passing' | 'taken' {
  if (probe.holders.some((holder) => holder.listening)) return 'taken';
  if (probe.loopbackFree) return 'free';
  return probe.holders.length > 0 ? 'passing' : 'taken';
}
