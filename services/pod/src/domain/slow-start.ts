/**
 * As many clients as no edge feels are not held back by slow start: so it leaves no edge without any, and an edge that
 * takes clients in vain is found out early.
 */
export const SLOW_START_FREE_CLIENTS = 16;
/** The share at age 0, as other balancers have it: of a burst a young edge gets a tenth of what an old one has. */
export const SLOW_START_FLOOR = 0.1;

/** How much of its weight an edge of this age has; ages in ms. 0 for `slowStartMs` switches it off. */
export function slowStartShare(ageMs: number, slowStartMs: number): number {
  if (ageMs >= slowStartMs) return 1;
  return Math.max(SLOW_START_FLOOR, ageMs / slowStartMs);
}

/** The weight that an edge is measured by now. */
export function weightNow(edge: { readonly clients: number; readonly weight: number; readonly share: number }): number {
  return edge.weight * (edge.clients < SLOW_START_FREE_CLIENTS ? 1 : edge.share);
}
