import { ApiTokens, DolphinError, MAX_API_TOKENS_BYTES } from '@dolphin/protocol';
import { readSecretJson } from '@dolphin/runtime';
import type { Right } from '../domain/access-rules.js';

/** The right of each token, by its SHA-256 in hexadecimal. */
export type Tokens = ReadonlyMap<string, Right>;

/** Throws E_CONFIG when the file cannot be read, is none of tokens, or others may read it. */
export function readTokens(path: string): Tokens {
  const read = readSecretJson(path, ApiTokens, MAX_API_TOKENS_BYTES);
  if ('refused' in read) throw new DolphinError('E_CONFIG', { where: path, why: read.refused });
  return new Map(read.data.tokens.map(({ sha256, right }) => [sha256, right]));
}
