import { createHash } from 'node:crypto';
import { DolphinError } from '@dolphin/protocol';
import type { FastifyInstance } from 'fastify';
import { accessProblem, type Right, rightNeeded } from '../domain/access-rules.js';
import type { Tokens } from '../files/tokens-file.js';
import { isLocalHost } from './listen-address.js';

/** Longer than any token of ours; what is longer is not hashed. */
const MAX_TOKEN_CHARACTERS = 256;

/**
 * Who may what. With tokens: what the request's own one allows. Without, whoever is on this machine: the API then listens on
 * loopback alone, and a web page that a browser was led to must not steer the farm.
 */
export function guardApi(app: FastifyInstance, tokens: Tokens | null): void {
  app.addHook('onRequest', async (request, reply) => {
    if (tokens === null) {
      const { host } = request.headers;
      if (!isLocalHost(host)) throw new DolphinError('E_BAD_REQUEST', { why: `${host} is not this machine` });
      return;
    }
    const needed = rightNeeded(request.method, request.url);
    const refused = accessProblem(needed, heldBy(request.headers.authorization, tokens));
    if (refused?.code === 'E_UNAUTHORIZED') void reply.header('www-authenticate', 'Bearer');
    if (refused) throw refused;
  });
}

/** Looked up by its hash: how long that takes tells nothing about the tokens that are known. */
function heldBy(header: string | undefined, tokens: Tokens): Right | 'none' | 'unknown' {
  if (header === undefined) return 'none';
  const token = /^bearer +(\S+)$/i.exec(header)?.[1];
  if (token === undefined || token.length > MAX_TOKEN_CHARACTERS) return 'unknown';
  return tokens.get(createHash('sha256').update(token).digest('hex')) ?? 'unknown';
}
