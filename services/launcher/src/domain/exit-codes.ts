/**
 * Exit codes of a child after which a restart ends the same way, with what they mean (sysexits.h, and the shell's two for
 * a program that did not run). Every other one, and every signal, is a crash: that is started again.
 */
const HOPELESS: ReadonlyMap<number, string> = new Map([
  [64, 'it does not know its flags'],
  [77, 'what it finds belongs to another farm or host'],
  [78, 'its configuration is wrong'],
  [126, 'its program cannot be run'],
  [127, 'its program is not there'],
]);

/** Why a restart mends nothing; null: it may. `code` is null when a signal ended the child. */
export function whyHopeless(code: number | null): string | null {
  return code === null ? null : (HOPELESS.get(code) ?? null);
}
