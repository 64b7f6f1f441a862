import { DolphinError, type ErrorCode } from '@dolphin/protocol';

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

interface Beginning {
  readonly farm: string;
  /** What the log says; null: no farm-created was folded. */
  readonly there: { readonly farmId: string } | null;
  /** What this master remembers, from its disk. */
  readonly known: string | null;
  /** What the caller says. */
  readonly named: string | undefined;
  readonly isAdopting: boolean;
  readonly newId: string;
}

/**
 * The id under which a log may begin: hosts with edges that run obey the farm that they know, and no other. Throws E_FARM_EXISTS,
 * E_FARM_MISMATCH, E_BAD_REQUEST.
 */
export function beginning({ farm, there, known, named, isAdopting, newId }: Beginning): string {
  if (there) throw new DolphinError('E_FARM_EXISTS', { farm, farmId: there.farmId });
  if (!isAdopting) {
    if (known !== null) throw new DolphinError('E_FARM_EXISTS', { farm, farmId: known });
    if (named !== undefined) throw new DolphinError('E_BAD_REQUEST', { why: 'farmId goes with adoptRunning alone' });
    return newId;
  }
  if (known !== null && named !== undefined && known !== named) {
    throw new DolphinError('E_FARM_MISMATCH', { ours: known, theirs: named });
  }
  const farmId = known ?? named;
  if (farmId !== undefined && farmId !== null) return farmId;
  const why = 'this master knows no farm; farmId must say which one it was: each host has it in its host.json';
  throw new DolphinError('E_BAD_REQUEST', { why });
}
