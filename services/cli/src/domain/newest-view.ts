import type { FarmView } from '@dolphin/protocol';

/**
 * Whether an aggregate is to be shown after another. A leader that does not know yet that it is over still tells: its term
 * is lower. Another farm's counts anew.
 */
export function isNewer(view: FarmView, shown: FarmView | null): boolean {
  if (shown === null || shown.farmId !== view.farmId) return true;
  return (view.leader?.term ?? 0) >= (shown.leader?.term ?? 0);
}
