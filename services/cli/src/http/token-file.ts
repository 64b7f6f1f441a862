import { DolphinError } from '@dolphin/protocol/plain.js';
import { readSecretFile } from '@dolphin/runtime';

const MAX_FILE_BYTES = 1_024;

/** The token of a file that holds nothing else. Throws E_CONFIG when it cannot be read, or others may read it. */
export function readToken(path: string): string {
  const read = readSecretFile(path, MAX_FILE_BYTES);
  if ('refused' in read) throw new DolphinError('E_CONFIG', { where: path, why: read.refused });
  const token = read.text.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new DolphinError('E_CONFIG', { where: path, why: 'it holds no token' });
}
