import { randomUUID } from 'node:crypto';
import { JetStreamLogStore } from '@dolphin/eventlog';
import { Command, type CommandReply, type Fact, type FactEnvelope, subjectsOf } from '@dolphin/protocol';
import { connect, type NatsConnection } from 'nats';
import { onCleanup, type TestScope } from '../../support/cleanup.js';
import { freePort } from '../../support/ports.js';
import { HostModel } from '../../unit/master/host-model.js';

/** Faster than a real worker, so that tests are. */
const HEARTBEAT_MS = 200;
const TICK_MS = 50;

/** A host as the master sees one: joins, sends heartbeats, obeys commands by the real pod's rules, runs nothing. */
export class FakeWorker {
  readonly model: HostModel;
  readonly commands: Command[] = [];
  /** What becomes of commands: obeyed and answered, or swallowed as by a network that is cut. */
  obeys = true;
  silent = false;
  /** What it says to spawns; null: they are taken. */
  refusesSpawns: { code: 'E_ENGINE_UNKNOWN'; message: string } | null = null;
  readonly #refused = new Set<string>();
  #noting: Promise<void> = Promise.resolve();
  readonly #bus: NatsConnection;
  readonly #log: JetStreamLogStore;

  private constructor(model: HostModel, bus: NatsConnection, log: JetStreamLogStore) {
    this.model = model;
    this.#bus = bus;
    this.#log = log;
  }

  static async start(
    t: TestScope,
    o: { nats: string; farmId: string; host?: string; rtmp?: number },
  ): Promise<FakeWorker> {
    const bus = await connect({ servers: o.nats, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
    const log = await JetStreamLogStore.open(bus, 'main');
    // Where nobody listens: a host whose public port still accepts is not lost.
    const model = new HostModel(o.host ?? 'h1', { farmId: o.farmId, rtmp: o.rtmp ?? (await freePort()) });
    const worker = new FakeWorker(model, bus, log);
    bus.subscribe(subjectsOf('main').command(model.name), {
      callback: (_, message) => {
        const command = Command.parse(message.json());
        worker.commands.push(command);
        if (worker.obeys) message.respond(JSON.stringify(worker.#answer(command) satisfies CommandReply));
      },
    });
    await bus.flush();
    await worker.join();
    const heartbeats = setInterval(() => worker.heartbeat(), HEARTBEAT_MS);
    const ticks = setInterval(() => model.tick(), TICK_MS);
    onCleanup(t, async () => {
      clearInterval(heartbeats);
      clearInterval(ticks);
      await bus.close();
    });
    return worker;
  }

  #answer(command: Command): CommandReply {
    if (command.body.type !== 'spawn' || !this.refusesSpawns) return this.model.command(command);
    void this.#noteRefusal(command, this.refusesSpawns);
    return { result: 'refused', ...this.refusesSpawns };
  }

  /** As a worker does: each refusal once, as a fact. */
  #noteRefusal(command: Command, why: { code: string; message: string }): Promise<void> {
    const key = `${command.sequence} ${JSON.stringify(command.body)}`;
    if (this.#refused.has(key)) return Promise.resolve();
    this.#refused.add(key);
    const entry: Fact = { type: 'command-refused', id: randomUUID(), commandId: command.id, ...why };
    this.#noting = this.#noting.then(() => this.#append([entry], entry.id));
    return this.#noting;
  }

  get spawned(): string[] {
    return this.commands.flatMap(({ body }) => (body.type === 'spawn' ? [`${body.edge.role}-${body.edge.slot}`] : []));
  }

  heartbeat(): void {
    if (this.silent || this.#bus.isClosed()) return;
    const heartbeat = { ...this.model.heartbeat(), at: new Date().toISOString() };
    this.#bus.publish(subjectsOf('main').heartbeat(this.model.name), JSON.stringify(heartbeat));
  }

  async join(): Promise<void> {
    const { name, epoch, rtmp } = this.model;
    const id = `join-${name}-${epoch}`;
    const joined = { type: 'host-joined' as const, id, epoch, version: '0', rtmp: [rtmp], http: [rtmp + 1] };
    await this.#append([joined], id);
  }

  async #append(entries: Fact[], id: string): Promise<void> {
    const { name, epoch, farmId } = this.model;
    const subject = subjectsOf('main').logHost(name);
    const at = new Date().toISOString();
    const facts: FactEnvelope = { v: 1, kind: 'facts', farmId, at, host: name, epoch, upTo: 0, entries };
    const expectedLast = (await this.#log.lastOn(subject))?.sequence ?? 0;
    await this.#log.append(subject, facts, { expectedLast, messageId: id });
  }
}
