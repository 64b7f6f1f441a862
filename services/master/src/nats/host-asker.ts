import { requestHost } from '@dolphin/eventlog';
import {
  type Ask,
  AskReply,
  DolphinError,
  type Kick,
  KickReply,
  MAX_KICK_BYTES,
  MAX_TELEMETRY_BYTES,
  subjectsOf,
} from '@dolphin/protocol';
import type { NatsConnection } from 'nats';
import type { z } from 'zod';
import type { HostAsker } from '../app/ports.js';

interface Question<T> {
  readonly host: string;
  readonly subject: string;
  readonly body: Ask | Kick;
  readonly reply: z.ZodType<T>;
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** Questions as NATS requests, which that host's worker answers. */
export class NatsHostAsker implements HostAsker {
  readonly #bus: NatsConnection;
  readonly #farm: string;

  constructor(bus: NatsConnection, farm: string) {
    this.#bus = bus;
    this.#farm = farm;
  }

  ask(host: string, body: Ask, timeoutMs: number): Promise<AskReply> {
    const subject = subjectsOf(this.#farm).ask(host);
    return this.#request({ host, subject, body, reply: AskReply, maxBytes: MAX_TELEMETRY_BYTES, timeoutMs });
  }

  kick(host: string, body: Kick, timeoutMs: number): Promise<KickReply> {
    const subject = subjectsOf(this.#farm).kick(host);
    return this.#request({ host, subject, body, reply: KickReply, maxBytes: MAX_KICK_BYTES, timeoutMs });
  }

  async #request<T>({ host, subject, body, reply, maxBytes, timeoutMs }: Question<T>): Promise<T> {
    const unreachable = (why: string, cause?: unknown) =>
      new DolphinError('E_UNREACHABLE', { what: `the worker of ${host}`, address: subject, why }, { cause });
    let json: unknown;
    try {
      const asked = { farm: this.#farm, host, subject, body: JSON.stringify(body), timeoutMs };
      const answer = await requestHost(this.#bus, asked);
      if (answer.data.length > maxBytes) throw new RangeError(`an answer of ${answer.data.length} bytes`);
      json = answer.json();
    } catch (error) {
      throw unreachable(error instanceof Error ? error.message : String(error), error);
    }
    const parsed = reply.safeParse(json);
    if (!parsed.success) throw unreachable(`its answer cannot be read: ${parsed.error.issues[0]?.message}`);
    return parsed.data;
  }
}
