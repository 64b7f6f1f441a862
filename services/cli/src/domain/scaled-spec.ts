import type { FarmSpec } from '@dolphin/protocol';

/** How the number is meant; `as it is`: as the farm's specification means its own. */
export type ScaleBy = 'per host' | 'total' | 'as it is';

/** The same specification with another number of stream edges. */
export function scaledSpec(spec: FarmSpec, count: number, by: ScaleBy): FarmSpec {
  const { on, http } = spec.edges;
  const where = { ...(on !== undefined && { on }), ...(http !== undefined && { http }) };
  const isPerHost = by === 'per host' || (by === 'as it is' && 'perHost' in spec.edges);
  return { ...spec, edges: isPerHost ? { perHost: count, ...where } : { total: count, ...where } };
}
