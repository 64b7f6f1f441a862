/** How an `up` came to its end, as far as its pod is concerned. */
export interface UpEnd {
  /** By Ctrl-C, SIGTERM or `down`; otherwise it failed. */
  readonly isAsked: boolean;
  /** The pod was there already, left by the `up` before. */
  readonly isAdopted: boolean;
  /** The farm had come up. */
  readonly isGreeted: boolean;
}

/**
 * Does the pod go on when `up` ends? Only who asks for an end ends viewers: a failure of the control plane is none of
 * theirs. A pod that a failed start brought up itself has no viewers yet, and goes with it.
 */
export function isPodKept({ isAsked, isAdopted, isGreeted }: UpEnd): boolean {
  return !isAsked && (isAdopted || isGreeted);
}
