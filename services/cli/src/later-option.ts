import { DolphinError } from '@dolphin/protocol';
import { Option } from 'commander';

/** An option that is going to be: known, so that it is not taken for a typing mistake, and not shown. */
export function laterOption(flags: string): Option {
  return new Option(flags).hideHelp();
}

/** Throws E_NOT_YET when it was given. */
export function refuseLater(value: unknown, what: string): void {
  if (value !== undefined) throw new DolphinError('E_NOT_YET', { what });
}
