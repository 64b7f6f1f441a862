import { DolphinError } from '@dolphin/protocol';
import { readSecretJson } from '@dolphin/runtime';
import { z } from 'zod';
import type { Right } from '../domain/access-rules.js';

/** Some hundred tokens. */
const MAX_FILE_BYTES = 64 * 1024;

const TokensFile = z.strictObject({
  tokens: z
    .array(
      z.strictObject({
        /** Whose it is, for who reads the file. */
        name: z.string().min(1).max(63),
        right: z.enum(['read', 'operate']),
        /** Of the token's characters. A token is random and long: nothing slower is needed against guessing. */
        sha256: z.string().regex(/^[0-9a-f]{64}$/, 'wants the SHA-256 of a token, 64 hexadecimal digits'),
      }),
    )
    .min(1),
});

/** The right of each token, by its SHA-256 in hexadecimal. */
export type Tokens = ReadonlyMap<string, Right>;

/** Throws E_CONFIG when the file cannot be read, is none of tokens, or others may read it. */
export function readTokens(path: string): Tokens {
  const read = readSecretJson(path, TokensFile, MAX_FILE_BYTES);
  if ('refused' in read) throw new DolphinError('E_CONFIG', { where: path, why: read.refused });
  return new Map(read.data.tokens.map(({ sha256, right }) => [sha256, right]));
}
