import { BusCredentials, DolphinError, MAX_BUS_CREDENTIALS_BYTES } from '@dolphin/protocol';
import { readSecretJson } from '@dolphin/runtime';

/** Reads a credentials file (JSON). Throws E_CONFIG when it cannot be read, is none, or others may read it. */
export function readBusCredentials(path: string): BusCredentials {
  const read = readSecretJson(path, BusCredentials, MAX_BUS_CREDENTIALS_BYTES);
  if ('refused' in read) throw new DolphinError('E_CONFIG', { where: path, why: read.refused });
  return read.data;
}
