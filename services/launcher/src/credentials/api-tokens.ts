import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ApiTokens, DolphinError, MAX_API_TOKENS_BYTES } from '@dolphin/protocol';
import { readSecretFile, readSecretJson, writeFileAtomic } from '@dolphin/runtime';
import type { Places } from '../up/places.js';
import { newSecret } from './bus-users.js';

const RIGHTS = ['read', 'operate'] as const;
/** A token and its line end. */
const MAX_TOKEN_BYTES = 1_024;

export function tokenFile(places: Places, right: ApiTokens['tokens'][number]['right']): string {
  return join(places.credentials, `${right}.token`);
}

/** The hashes, for the master. */
export function tokensFile(places: Places): string {
  return join(places.credentials, 'tokens.json');
}

/**
 * A token for each right, and the hashes of all: those that an operator added are kept. Throws E_CONFIG for a file that is not
 * to be trusted.
 */
export async function keepTokens(places: Places): Promise<void> {
  const path = tokensFile(places);
  const known = existsSync(path) ? readTokensFile(path) : [];
  const own: ApiTokens['tokens'] = [];
  for (const right of RIGHTS) own.push({ name: `up-${right}`, right, sha256: sha256(await keepToken(places, right)) });
  const others = known.filter(({ name }) => !own.some((token) => token.name === name));
  await writeFileAtomic(path, `${JSON.stringify({ tokens: [...own, ...others] } satisfies ApiTokens, null, 2)}\n`);
}

export function readTokenFile(path: string): string {
  const read = readSecretFile(path, MAX_TOKEN_BYTES);
  if ('refused' in read) throw new DolphinError('E_CONFIG', { where: path, why: read.refused });
  const token = read.text.trim();
  if (token === '') throw new DolphinError('E_CONFIG', { where: path, why: 'it holds no token' });
  return token;
}

async function keepToken(places: Places, right: (typeof RIGHTS)[number]): Promise<string> {
  const path = tokenFile(places, right);
  if (existsSync(path)) return readTokenFile(path);
  const made = newSecret();
  await writeFileAtomic(path, made);
  return made;
}

function readTokensFile(path: string): ApiTokens['tokens'] {
  const read = readSecretJson(path, ApiTokens, MAX_API_TOKENS_BYTES);
  if ('refused' in read) throw new DolphinError('E_CONFIG', { where: path, why: read.refused });
  return read.data.tokens;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
