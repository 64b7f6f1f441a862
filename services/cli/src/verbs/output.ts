import type { DolphinError } from '@dolphin/protocol';

/** Data goes to stdout, words to stderr. */
export function printLines(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

export function printJson(value: unknown, pretty = true): void {
  process.stdout.write(`${JSON.stringify(value, null, pretty ? 2 : 0)}\n`);
}

export function say(text: string): void {
  process.stderr.write(`dolphin-cli: ${text}\n`);
}

/** An expected failure: its code and words; with --json also as data. Gives the exit code. */
export function printError(error: DolphinError, json: boolean): number {
  say(`${error.code}: ${error.message}`);
  if (json) printJson({ schema: 'dolphin.error/1', ...error.toAnswer() });
  return error.exit;
}
