import type { Decision } from '@dolphin/protocol';

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;
/** A decision as the reconciler gives it; whoever appends it gives it its id. */
export type DecisionDraft = WithoutId<Decision>;
