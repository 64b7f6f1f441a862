import { DolphinError } from '@dolphin/protocol';
import type { FarmState, HostState } from './farm-state.js';
import { type Observed, observedHost } from './observation.js';
import { DRAIN_DEADLINE_MS, SILENT_AFTER_MS } from './timing.js';

/** Throws E_NOT_FOUND. */
export function knownHost(state: FarmState, name: string): HostState {
  const host = Object.hasOwn(state.hosts, name) ? state.hosts[name] : undefined;
  if (!host) throw new DolphinError('E_NOT_FOUND', { what: `host ${name}` });
  return host;
}

/** How long the edges of a host that is drained may take, in ms. */
export function drainDeadline(state: FarmState, asked: number | undefined): number {
  return asked ?? state.spec?.spec.drainDeadlineMs ?? DRAIN_DEADLINE_MS;
}

/**
 * A host may be forgotten when it is gone: its edges would go on beside those that take their place, commanded by nobody.
 * Silence is enough where nothing was decided, as when most hosts fell silent at once. Throws E_HOST_UP.
 */
export function checkRemovable(host: HostState, observed: Observed): void {
  const isSilent = observedHost(observed, host.host).silentMs >= SILENT_AFTER_MS;
  const isGone = host.liveness === 'lost' || (host.liveness === 'up' && isSilent);
  if (!isGone) throw new DolphinError('E_HOST_UP', { host: host.host });
}
