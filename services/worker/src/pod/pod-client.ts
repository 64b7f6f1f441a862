import { Agent, request } from 'node:http';
import {
  type Command,
  CommandReply,
  EndedSession,
  ErrorAnswer,
  Happening,
  type LiveSessionFilter,
  PodState,
  SessionPage,
} from '@dolphin/protocol';
import { z } from 'zod';
import type { PodControl, PodFailure } from '../app/ports.js';
import type { EndedRead } from '../domain/session-shipping.js';
import type { HappeningsRead, ReadHappening } from '../domain/shipping-cursor.js';

/** The pod answers from memory. */
const ASK_TIMEOUT_MS = 1_000;
/** Ended sessions it reads from the disk, which others may keep busy. */
const READ_TIMEOUT_MS = 5_000;
/** It writes host.json first; still below the time that the leader waits. */
const COMMAND_TIMEOUT_MS = 1_500;
/** A page of the worst happenings has some 3 MB. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

const LoosePage = z.object({
  oldest: z.int().min(1),
  newest: z.int().min(0),
  happenings: z.array(z.unknown()).max(10_000),
});
const LooseEndedPage = z.object({
  oldest: z.int().min(1),
  newest: z.int().min(0),
  sessions: z.array(z.unknown()).max(10_000),
});
const Numbered = z.object({ n: z.int().min(1) });

/** State, happenings, sessions and a command may be asked for at the same time. */
const MAX_CONNECTIONS = 4;

/** The pod's control API on its unix socket (libs/protocol pod-control.ts). */
export class PodClient implements PodControl {
  readonly #socketPath: string;
  /** Asked several times a second: connecting anew each time would be most of the work. */
  readonly #agent = new Agent({ keepAlive: true, maxSockets: MAX_CONNECTIONS, maxFreeSockets: MAX_CONNECTIONS });

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  async state(): Promise<PodState | PodFailure> {
    const answer = await this.#ask('GET', '/v1/state', ASK_TIMEOUT_MS);
    return 'failed' in answer ? answer : parsed(PodState, answer);
  }

  async happenings(after: number, limit: number): Promise<HappeningsRead | PodFailure> {
    const answer = await this.#ask('GET', `/v1/happenings?after=${after}&limit=${limit}`, ASK_TIMEOUT_MS);
    if ('failed' in answer) return answer;
    const page = parsed(LoosePage, answer);
    if ('failed' in page) return page;
    return { ...page, happenings: page.happenings.flatMap(readHappening) };
  }

  async endedSessions(after: number, limit: number): Promise<EndedRead | PodFailure> {
    const answer = await this.#ask('GET', `/v1/sessions/ended?after=${after}&limit=${limit}`, READ_TIMEOUT_MS);
    if ('failed' in answer) return answer;
    const page = parsed(LooseEndedPage, answer);
    if ('failed' in page) return page;
    // One that cannot be read (a newer pod's) shows as a number that is missing.
    return { ...page, sessions: page.sessions.flatMap((one) => EndedSession.safeParse(one).data ?? []) };
  }

  async sessions(filter: LiveSessionFilter, limit: number): Promise<SessionPage | PodFailure> {
    const given = Object.entries(filter).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const query = new URLSearchParams([...given, ['limit', String(limit)]]);
    const answer = await this.#ask('GET', `/v1/sessions?${query}`, COMMAND_TIMEOUT_MS);
    return 'failed' in answer ? answer : parsed(SessionPage, answer);
  }

  async kick(sessionId: string): Promise<boolean | PodFailure> {
    const answer = await this.#ask('DELETE', `/v1/sessions/${encodeURIComponent(sessionId)}`, ASK_TIMEOUT_MS);
    if ('failed' in answer) return answer;
    if (answer.status === 202 || answer.status === 404) return answer.status === 202;
    return { failed: 'garbled', why: `HTTP ${answer.status}` };
  }

  async command(command: Command): Promise<CommandReply | PodFailure> {
    const answer = await this.#ask('POST', '/v1/commands', COMMAND_TIMEOUT_MS, JSON.stringify(command));
    if ('failed' in answer) return answer;
    const error = ErrorAnswer.pick({ error: true }).safeParse(answer.json);
    if (!error.success) return parsed(CommandReply, answer);
    const { code, message } = error.data.error;
    return { result: 'refused', code, message };
  }

  async drain(edge: string, deadlineMs: number): Promise<void> {
    await this.#ask('POST', `/v1/edges/${edge}/drain`, COMMAND_TIMEOUT_MS, JSON.stringify({ deadlineMs }));
  }

  async stop(deadlineMs: number): Promise<void> {
    await this.#ask('POST', `/v1/stop?deadlineMs=${deadlineMs}`, ASK_TIMEOUT_MS);
  }

  async #ask(method: string, path: string, timeoutMs: number, body?: string): Promise<Answer | PodFailure> {
    for (let kept = MAX_CONNECTIONS; ; kept--) {
      const answer = await this.#askOnce(method, path, timeoutMs, body);
      // A kept connection of a pod that is gone, or that closed it just now. Everything here may be asked twice.
      if (!('stale' in answer) || kept === 0) return answer;
    }
  }

  #askOnce(method: string, path: string, timeoutMs: number, body?: string): Promise<Answer | PodFailure | Stale> {
    return new Promise((resolve) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      const headers = body === undefined ? {} : { 'content-type': 'application/json' };
      const sent = request({ socketPath: this.#socketPath, method, path, headers, agent: this.#agent }, (response) => {
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MAX_ANSWER_BYTES) finish({ failed: 'garbled', why: `more than ${MAX_ANSWER_BYTES} bytes` });
          else chunks.push(chunk);
        });
        response.on('error', (error) => finish({ failed: 'garbled', why: error.message }));
        response.on('end', () => finish(readAnswer(response.statusCode ?? 0, Buffer.concat(chunks))));
      });
      const timer = setTimeout(() => finish({ failed: 'silent', why: `no answer within ${timeoutMs} ms` }), timeoutMs);
      const finish = (answer: Answer | PodFailure | Stale) => {
        clearTimeout(timer);
        resolve(answer);
        if ('failed' in answer) sent.destroy();
      };
      sent.on('error', (error: NodeJS.ErrnoException) => {
        if (sent.reusedSocket && bytes === 0) return finish({ ...failure(error), stale: true });
        finish(failure(error));
      });
      sent.end(body);
    });
  }
}

/** The connection was an old one. */
type Stale = PodFailure & { readonly stale: true };

function failure(error: NodeJS.ErrnoException): PodFailure {
  const down = error.code === 'ENOENT' || error.code === 'ECONNREFUSED';
  return { failed: down ? 'down' : 'garbled', why: error.message };
}

interface Answer {
  readonly status: number;
  readonly json: unknown;
}

function readAnswer(status: number, body: Buffer): Answer | PodFailure {
  try {
    return { status, json: JSON.parse(body.toString('utf8')) };
  } catch {
    return { failed: 'garbled', why: `HTTP ${status}, and no JSON` };
  }
}

function parsed<T>(schema: z.ZodType<T>, answer: Answer): T | PodFailure {
  const result = schema.safeParse(answer.json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  return { failed: 'garbled', why: `HTTP ${answer.status}: ${issue?.path.map(String).join('.')}: ${issue?.message}` };
}

/** One that cannot be read keeps its place: all after it must still be told. One without a number shows as a gap. */
function readHappening(value: unknown): ReadHappening[] {
  const happening = Happening.safeParse(value);
  if (happening.success) return [happening.data];
  const numbered = Numbered.safeParse(value);
  return numbered.success ? [{ n: numbered.data.n, fact: null }] : [];
}
