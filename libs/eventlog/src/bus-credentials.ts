import { BusCredentials, DolphinError } from '@dolphin/protocol';
import { readSecretJson } from '@dolphin/runtime';

/** Of a few lines. */
const MAX_FILE_BYTES = 4_096;

/** Reads a credentials file (JSON). Throws E_CONFIG when it cannot be read, is none, or others may read it. */
export function readBusCredentials(path: string): BusCredentials {
  const read = readSecretJson(path, BusCredentials, MAX_FILE_BYTES);
  if ('refused' in read) throw new DolphinError('E_CONFIG', { where: path, why: read.refused });
  return read.data;
}
