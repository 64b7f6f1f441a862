/**
 * Which edge is frozen (stopped, in an endless loop), and which only looks like it. Frozen is one that for
 * `freezeAfterMs` gave no sign of life at all: no answer of its private API, no byte of media, no beat. So these are not:
 *   1. one that is full: it refuses its API, but its bytes move, or it closes what it refuses;
 *   2. one whose origin is dead: no byte moves, but it answers;
 *   3. one that a debugger holds, or the kernel (state D: a kill would do nothing before the disk answers).
 * And we may be what stands still: when our own loop was late, counting starts again for all. When two are silent at the
 * same time, the fault is more likely the machine's, and killing makes it worse: an alarm, once, and nobody is killed.
 */
export interface FreezeLimits {
  /** Silence after which an edge is frozen; 0: nobody ever is. */
  readonly freezeAfterMs: number;
  /** How often the rule is asked, and how late that may be before we mistrust ourselves. */
  readonly roundMs: number;
  readonly lateMs: number;
}

/** What keeps a silent process from being called frozen. */
export type Excuse = 'traced' | 'uninterruptible' | 'gone';

/** One edge that shall serve, as it is seen in one round. Counters may only be compared for equality. */
export interface EdgeObservation {
  readonly name: string;
  readonly pid: number;
  /** Since the round before: its private API answered, or its process closed the connection. */
  readonly answered: boolean;
  /** Beats of its IPC channel so far. */
  readonly beats: number;
  /** Bytes of media so far, by relays and by its own beats. */
  readonly bytes: number;
  readonly excuse: Excuse | null;
}

interface Watched {
  readonly pid: number;
  readonly beats: number;
  readonly bytes: number;
  /** When it last gave a sign of life, or was first seen. */
  readonly aliveAt: number;
  /** Already found frozen: it is being killed. */
  readonly condemned: boolean;
}

export interface FreezeWatch {
  /** Of the last round, in monotonic ms. */
  readonly at: number | null;
  readonly edges: ReadonlyMap<string, Watched>;
  /** The alarm of the present episode was given. */
  readonly alarmed: boolean;
}

export const NOTHING_WATCHED: FreezeWatch = { at: null, edges: new Map(), alarmed: false };

export type FreezeVerdict =
  | { readonly type: 'none' }
  | { readonly type: 'frozen'; readonly name: string; readonly pid: number; readonly silentMs: number }
  /** Several are silent at once: to be told, nothing else. */
  | { readonly type: 'alarm'; readonly names: readonly string[] };

/**
 * Half the time makes a suspect, so that of two that stopped together the first to be overdue does not pass for the
 * only one.
 */
const SUSPECT_PART = 0.5;

/** One round: what is seen at `at` (monotonic ms), and what follows. */
export function judgeFreeze(
  watch: FreezeWatch,
  round: { readonly at: number; readonly edges: readonly EdgeObservation[] },
  limits: FreezeLimits,
): { readonly watch: FreezeWatch; readonly verdict: FreezeVerdict } {
  const { at } = round;
  const late = watch.at !== null && at - watch.at > limits.roundMs + limits.lateMs;
  const edges = new Map(round.edges.map((seen) => [seen.name, watched(watch.edges.get(seen.name), seen, at, late)]));
  const next: FreezeWatch = { at, edges, alarmed: watch.alarmed };
  if (limits.freezeAfterMs === 0) return { watch: next, verdict: { type: 'none' } };
  const suspects = suspectsOf(next, at, limits);
  const [only] = suspects;
  if (only === undefined) return { watch: { ...next, alarmed: false }, verdict: { type: 'none' } };
  if (suspects.length > 1) {
    const isOverdue = suspects.some((name) => silentMs(next, name, at) >= limits.freezeAfterMs);
    if (watch.alarmed || !isOverdue) return { watch: next, verdict: { type: 'none' } };
    return { watch: { ...next, alarmed: true }, verdict: { type: 'alarm', names: suspects } };
  }
  const edge = edges.get(only);
  const calm = { ...next, alarmed: false };
  if (edge === undefined || edge.condemned || silentMs(next, only, at) < limits.freezeAfterMs) {
    return { watch: calm, verdict: { type: 'none' } };
  }
  return {
    watch: { ...calm, edges: new Map(edges).set(only, { ...edge, condemned: true }) },
    verdict: { type: 'frozen', name: only, pid: edge.pid, silentMs: Math.round(silentMs(next, only, at)) },
  };
}

/** Edges that have been silent for so long that their process is worth a look. */
export function suspectsOf(watch: FreezeWatch, at: number, limits: FreezeLimits): readonly string[] {
  if (limits.freezeAfterMs === 0) return [];
  const after = limits.freezeAfterMs * SUSPECT_PART;
  return [...watch.edges]
    .filter(([name, { condemned }]) => condemned || silentMs(watch, name, at) >= after)
    .map(([name]) => name);
}

function watched(before: Watched | undefined, seen: EdgeObservation, at: number, late: boolean): Watched {
  const same = before !== undefined && before.pid === seen.pid ? before : null;
  const moved = same === null || seen.answered || seen.beats !== same.beats || seen.bytes !== same.bytes;
  const aliveAt = moved || late || seen.excuse !== null ? at : same.aliveAt;
  return { pid: seen.pid, beats: seen.beats, bytes: seen.bytes, aliveAt, condemned: same?.condemned ?? false };
}

function silentMs(watch: FreezeWatch, name: string, at: number): number {
  return at - (watch.edges.get(name)?.aliveAt ?? at);
}
