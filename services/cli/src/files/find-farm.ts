import { DEFAULT_FARM, DolphinError } from '@dolphin/protocol/plain.js';
import { DEFAULT_API } from '../domain/api-list.js';
import { readCliFile } from './cli-file.js';

/** How the farm is reached. Null: not known. */
export interface FarmPlaces {
  readonly apis: readonly string[];
  readonly farm: string | null;
  readonly nats: string | null;
  readonly runDir: string | null;
  /** Files: who this is on NATS, and the token for the masters. Null: of a farm that asks nobody. */
  readonly credentials: string | null;
  readonly tokenFile: string | null;
}

/** What was said of it, by flags or variables. Null: not said. */
export type FarmSaid = Omit<FarmPlaces, 'apis' | 'runDir'> & {
  readonly apis: readonly string[] | null;
  readonly dir: string | null;
};

/** Its NATS, and which farm on it. */
export interface BusPlace {
  readonly url: string;
  readonly farm: string;
  /** A file. */
  readonly credentials: string | undefined;
}

/** Null: nobody said. */
export function busPlace({ nats, farm, credentials }: FarmPlaces): BusPlace | null {
  return nats === null || farm === null ? null : { url: nats, farm, credentials: credentials ?? undefined };
}

/** `up` without --dir, from the checkout that it belongs to. */
const DEFAULT_DIR = '.dolphin';

/**
 * From what was said, and what `up` noted in the directory. The directory that nobody named does not count beside a master or
 * a NATS that somebody did: it may be another farm's. A secret goes where its own file says, never to an address that was named
 * beside it. Throws E_CONFIG.
 */
export function findFarm(said: FarmSaid): FarmPlaces {
  const dir = said.dir ?? (said.apis === null && said.nats === null ? DEFAULT_DIR : null);
  const found = dir === null ? null : readCliFile(dir);
  if (said.dir !== null && found === null) {
    throw new DolphinError('E_CONFIG', {
      where: said.dir,
      why: 'there is no cli.json: no up has run with this directory',
    });
  }
  return {
    apis: said.apis ?? found?.api ?? [DEFAULT_API],
    farm: said.farm ?? found?.farm ?? (said.nats === null ? null : DEFAULT_FARM),
    nats: said.nats ?? found?.nats ?? null,
    runDir: found?.runDir ?? null,
    credentials: said.credentials ?? (said.nats === null ? found?.credentials : null) ?? null,
    tokenFile: said.tokenFile ?? (said.apis === null ? found?.tokenFile : null) ?? null,
  };
}
