import { requestHost } from '@dolphin/eventlog';
import { type Command, CommandReply, DolphinError, MAX_COMMAND_BYTES, subjectsOf } from '@dolphin/protocol';
import type { NatsConnection } from 'nats';
import type { CommandBus } from '../app/ports.js';

/** Commands as NATS requests: no worker there is told at once, silence at the time-out. */
export class NatsCommandBus implements CommandBus {
  readonly #bus: NatsConnection;
  readonly #farm: string;

  constructor(bus: NatsConnection, farm: string) {
    this.#bus = bus;
    this.#farm = farm;
  }

  async request(command: Command, timeoutMs: number): Promise<CommandReply> {
    const farm = this.#farm;
    const { host } = command;
    const subject = subjectsOf(farm).command(host);
    const body = JSON.stringify(command);
    if (Buffer.byteLength(body) > MAX_COMMAND_BYTES) {
      throw new DolphinError('E_TOO_LARGE', { what: 'the command', limitBytes: MAX_COMMAND_BYTES });
    }
    const unreachable = (why: string, cause?: unknown) =>
      new DolphinError('E_UNREACHABLE', { what: `the worker of ${command.host}`, address: subject, why }, { cause });
    let json: unknown;
    try {
      const reply = await requestHost(this.#bus, { farm, host, subject, body, timeoutMs });
      if (reply.data.length > MAX_COMMAND_BYTES) throw new RangeError(`an answer of ${reply.data.length} bytes`);
      json = reply.json();
    } catch (error) {
      throw unreachable(error instanceof Error ? error.message : String(error), error);
    }
    const parsed = CommandReply.safeParse(json);
    if (!parsed.success) throw unreachable(`its answer cannot be read: ${parsed.error.issues[0]?.message}`);
    return parsed.data;
  }
}
