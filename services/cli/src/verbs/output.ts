import type { DolphinError } from '@dolphin/protocol';
import { oneLine } from '../domain/words.js';

/** Data goes to stdout, words to stderr. */
export function printLines(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

export function printJson(value: unknown, pretty = true): void {
  process.stdout.write(`${JSON.stringify(value, null, pretty ? 2 : 0)}\n`);
}

/** One line of words. They may quote a master, a host or a file: none of them writes to the terminal as it likes. */
export function say(text: string): void {
  process.stderr.write(`dolphin-cli: ${oneLine(text)}\n`);
}

/** A broken invariant, with where it was. */
export function sayStack({ stack, message }: Error): void {
  const lines = (stack ?? message).split('\n').map((line) => oneLine(line, 'keep start'));
  process.stderr.write(`dolphin-cli: ${lines.join('\n')}\n`);
}

/** An expected failure: its code and words; with --json also as data. Gives the exit code. */
export function printError(error: DolphinError, json: boolean): number {
  say(`${error.code}: ${error.message}`);
  if (json) printJson({ schema: 'dolphin.error/1', ...error.toAnswer() });
  return error.exit;
}
