import { FarmId } from '@dolphin/protocol';
import { NAME_PATTERN } from '@dolphin/protocol/plain.js';
import { InvalidArgumentError } from 'commander';

/** Reads an option's value. */
export function farmName(text: string): string {
  if (!NAME_PATTERN.test(text)) throw new InvalidArgumentError('It wants a name of a-z, 0-9 and -, as main.');
  return text;
}

/** Reads an option's value. */
export function farmId(text: string): string {
  if (!FarmId.safeParse(text).success) throw new InvalidArgumentError('It wants a UUID.');
  return text;
}
