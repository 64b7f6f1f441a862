import { DolphinError, type FarmSpec, isLoopback, type Problem } from '@dolphin/protocol';
import type { FarmState, HostState } from './farm-state.js';
import { sameJson } from './same-json.js';

/**
 * An origin on loopback is on one machine. Nobody says which: it is taken for that of the host that joined first and has not left, from which a
 * host at another address would pull from itself, and find nothing.
 */

/** After hosts or the specification changed: which of them cannot reach an origin. */
export function withOriginReach(state: FarmState): FarmState {
  const origins = state.spec?.spec.origins ?? [];
  const home = homeOf(state);
  let hosts = state.hosts;
  for (const host of Object.values(state.hosts)) {
    const farOrigin = farOriginOf(host, origins, home);
    if (farOrigin !== (host.farOrigin ?? null)) hosts = { ...hosts, [host.host]: { ...host, farOrigin } };
  }
  return hosts === state.hosts ? state : { ...state, hosts };
}

/** Why nothing is placed on this host; null: it reaches the origins, as far as can be known. */
export function originProblem({ host, address, farOrigin }: HostState): Problem | null {
  return farOrigin == null
    ? null
    : toProblem(new DolphinError('E_ORIGIN_LOOPBACK', { origin: farOrigin, host, address }));
}

/** Throws E_ORIGIN_LOOPBACK for an origin that a host of the farm cannot reach, unless the farm has it already. */
export function checkOriginReach(state: FarmState, { origins }: FarmSpec): void {
  if (state.spec && sameJson(state.spec.spec.origins, origins)) return;
  const home = homeOf(state);
  for (const host of Object.values(state.hosts)) {
    if (host.hasLeft) continue;
    const origin = farOriginOf(host, origins, home);
    if (origin !== null)
      throw new DolphinError('E_ORIGIN_LOOPBACK', { origin, host: host.host, address: host.address });
  }
}

function farOriginOf(host: HostState, origins: readonly string[], homePlace: string | null): string | null {
  const origin = origins.find((one) => isLoopback(one.slice(0, one.lastIndexOf(':'))));
  const place = machineOf(host);
  if (origin === undefined || place === null) return null;
  return homePlace === null || homePlace === place ? null : origin;
}

/** The machine of the host that joined first, of those that have not left. */
function homeOf({ hosts }: FarmState): string | null {
  let home: HostState | null = null;
  for (const host of Object.values(hosts)) {
    if (!host.hasLeft && host.joined.sequence < (home?.joined.sequence ?? Number.POSITIVE_INFINITY)) home = host;
  }
  return home && machineOf(home);
}

/** All of loopback is one machine. Null: not known, of an older worker or one that listens on all addresses. */
function machineOf({ address }: HostState): string | null {
  if (address == null || address === '' || address === '0.0.0.0' || address === '::') return null;
  return isLoopback(address) ? 'loopback' : address;
}

function toProblem({ code, message }: DolphinError): Problem {
  return { code, message };
}
