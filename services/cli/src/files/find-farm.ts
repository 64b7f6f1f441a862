import { DolphinError } from '@dolphin/protocol/plain.js';
import { DEFAULT_API } from '../domain/api-list.js';
import { readCliFile } from './cli-file.js';

/** How the farm is reached. Null: not known. */
export interface FarmPlaces {
  readonly apis: readonly string[];
  readonly farm: string | null;
  readonly nats: string | null;
  readonly runDir: string | null;
}

/** Its NATS, and which farm on it. */
export interface BusPlace {
  readonly url: string;
  readonly farm: string;
}

/** Null: nobody said. */
export function busPlace({ nats, farm }: FarmPlaces): BusPlace | null {
  return nats === null || farm === null ? null : { url: nats, farm };
}

/** `up` without --dir, from the checkout that it belongs to. */
const DEFAULT_DIR = '.dolphin';

/**
 * From what was said, `--api` and `--dir` or their variables, and what `up` noted in the directory. The directory that
 * nobody named does not count beside a master that somebody did: it may be another farm's. Throws E_CONFIG.
 */
export function findFarm(said: { readonly apis: readonly string[] | null; readonly dir: string | null }): FarmPlaces {
  const dir = said.dir ?? (said.apis === null ? DEFAULT_DIR : null);
  const found = dir === null ? null : readCliFile(dir);
  if (said.dir !== null && found === null) {
    throw new DolphinError('E_CONFIG', {
      where: said.dir,
      why: 'there is no cli.json: no up has run with this directory',
    });
  }
  return {
    apis: said.apis ?? found?.api ?? [DEFAULT_API],
    farm: found?.farm ?? null,
    nats: found?.nats ?? null,
    runDir: found?.runDir ?? null,
  };
}
