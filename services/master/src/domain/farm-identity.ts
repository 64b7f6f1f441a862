import type { ErrorCode } from '@dolphin/protocol';

interface Identity {
  /** What this master remembers, from its disk. */
  readonly known: { readonly farmId: string } | null;
  /** What the log says; null: no farm-created was folded. */
  readonly farm: { readonly farmId: string } | null;
  readonly hasStream: boolean;
  /** Everything that is in the log was folded. */
  readonly isCaughtUp: boolean;
}

export interface FarmProblem {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, string>>;
  readonly why: string;
}

/** Is the log that is there the one of the farm that this master knows? `unclear` until enough is read. */
export function farmProblem({ known, farm, hasStream, isCaughtUp }: Identity): FarmProblem | 'unclear' | null {
  if (known && !hasStream) {
    return { code: 'E_LOG_LOST', details: { farmId: known.farmId }, why: 'its stream is not there' };
  }
  if (farm && known && farm.farmId !== known.farmId) {
    return { code: 'E_FARM_MISMATCH', details: { ours: known.farmId, theirs: farm.farmId }, why: '' };
  }
  if (farm) return null;
  if (hasStream && !isCaughtUp) return 'unclear';
  if (known) return { code: 'E_LOG_LOST', details: { farmId: known.farmId }, why: 'it holds no farm-created' };
  return null;
}
