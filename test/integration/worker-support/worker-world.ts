import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { connectBus, createLog, JetStreamLogStore } from '@dolphin/eventlog';
import {
  AskReply,
  Command,
  CommandReply,
  type EndedSession,
  type EndedSessionPage,
  type Fact,
  type FactEnvelope,
  type Happening,
  type Heartbeat,
  type PodFact,
  type PodState,
  subjectsOf,
} from '@dolphin/protocol';
import { silentLogger } from '@dolphin/runtime';
import type { NatsConnection } from 'nats';
import { onCleanup, type TestScope } from '../../support/cleanup.js';
import { startNats, type TestNats } from '../../support/nats.js';
import { fromRoot } from '../../support/paths.js';
import { freePort } from '../../support/ports.js';
import { startProcess, type TestProcess } from '../../support/processes.js';
import { tempDir } from '../../support/temp-dir.js';
import { endedSession } from '../../unit/worker/ended-session.js';

export const FARM_ID = '7b1c1f1e-5f0b-4b57-9b53-6a1dd0f4f001';
const subjects = subjectsOf('main');
/** Without anybody there NATS says so at once: this is for a worker that a busy machine keeps waiting. */
const ANSWER_MS = 20_000;

/** A pod as its worker sees it: the control API, on the socket that the worker looks at. */
export class FakePod {
  readonly happenings: Happening[] = [];
  readonly commands: Command[] = [];
  /** By number; what is taken off its beginning was rolled over. */
  ended: EndedSession[] = [];
  answer: (command: Command) => CommandReply = () => ({ result: 'accepted', already: false });
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://pod');
      const reply = (body: unknown) => response.end(JSON.stringify(body));
      if (url.pathname === '/v1/state') return reply(this.state);
      if (url.pathname === '/v1/happenings') {
        const after = Number(url.searchParams.get('after'));
        const happenings = this.happenings.slice(after, after + Number(url.searchParams.get('limit')));
        return reply({ oldest: 1, newest: this.happenings.length, happenings });
      }
      if (url.pathname === '/v1/sessions/ended') return reply(this.endedPage(url.searchParams));
      let text = '';
      request.on('data', (chunk) => {
        text += chunk;
      });
      request.on('end', () => {
        const command = Command.parse(JSON.parse(text));
        this.commands.push(command);
        reply(this.answer(command));
      });
      return undefined;
    });
  }

  static async listen(t: TestScope, runDir: string): Promise<FakePod> {
    const pod = new FakePod();
    await new Promise<void>((resolve) => {
      pod.#server.listen(join(runDir, 'pod.sock'), resolve);
    });
    onCleanup(t, () => {
      pod.#server.closeAllConnections();
      return new Promise((resolve) => pod.#server.close(resolve));
    });
    return pod;
  }

  endedPage(query: URLSearchParams): EndedSessionPage {
    const from = Number(query.get('after')) + 1;
    const sessions = this.ended.filter(({ n }) => n >= from).slice(0, Number(query.get('limit')));
    return { oldest: this.ended[0]?.n ?? 1, newest: this.ended.at(-1)?.n ?? 0, sessions };
  }

  /** Sessions end, in this life of the pod. */
  end(count: number, life = 'a', first = (this.ended.at(-1)?.n ?? 0) + 1): void {
    for (let n = first; n < first + count; n++) this.ended.push(endedSession(n, { id: `${life}-${n}` }));
  }

  get state(): PodState {
    return {
      pid: process.pid,
      version: '0.1.0',
      host: 'h1',
      farmId: FARM_ID,
      term: 1,
      rtmp: [19350],
      http: [8088],
      address: '127.0.0.1',
      lastHappening: this.happenings.length,
      uptimeMs: 1000,
      clients: 0,
      refused: {},
      reading: 0,
      sessionsLost: 0,
      edges: [],
      warnings: [],
      advice: [],
    };
  }

  happen(count = 1): void {
    for (let i = 0; i < count; i++) {
      const n = this.happenings.length + 1;
      const fact: PodFact = { type: 'pod-started', id: `f${n}`, pid: n, rtmp: [], http: [] };
      this.happenings.push({ n, at: new Date().toISOString(), fact });
    }
  }
}

/** A NATS with a farm's log in it, and a run directory with a fake pod. */
export class WorkerWorld {
  readonly #t: TestScope;
  readonly nats: TestNats;
  readonly runDir: string;
  readonly pod: FakePod;
  readonly bus: NatsConnection;
  readonly log: JetStreamLogStore;
  /** Of the real pod that a worker starts when it finds the fake one gone. */
  readonly #podPorts: readonly [number, number];

  private constructor(
    t: TestScope,
    parts: Pick<WorkerWorld, 'nats' | 'runDir' | 'pod' | 'bus' | 'log'>,
    podPorts: readonly [number, number],
  ) {
    this.#t = t;
    this.nats = parts.nats;
    this.runDir = parts.runDir;
    this.pod = parts.pod;
    this.bus = parts.bus;
    this.log = parts.log;
    this.#podPorts = podPorts;
  }

  static async start(t: TestScope, o: { farmId?: string } = {}): Promise<WorkerWorld> {
    const [nats, runDir] = await Promise.all([startNats(t), tempDir(t)]);
    const pod = await FakePod.listen(t, runDir);
    const bus = await connectBus(nats.url, { name: 'test', logger: silentLogger() });
    onCleanup(t, () => bus.close());
    await createLog(bus, 'main');
    const log = await JetStreamLogStore.open(bus, 'main');
    await createFarm(log, o.farmId ?? FARM_ID);
    return new WorkerWorld(t, { nats, runDir, pod, bus, log }, [await freePort(), await freePort()]);
  }

  startWorker(o: { url?: string; runDir?: string; args?: readonly string[] } = {}): TestProcess {
    const [rtmp, http] = this.#podPorts;
    return startProcess(this.#t, fromRoot('bin/dolphin-worker'), [
      ...['--rtmp', String(rtmp), '--http', String(http)],
      ...['--nats', o.url ?? this.nats.url, '--host', 'h1', '--run-dir', o.runDir ?? this.runDir, ...(o.args ?? [])],
    ]);
  }

  async envelopes(): Promise<FactEnvelope[]> {
    const found: FactEnvelope[] = [];
    for await (const item of this.log.read({ after: 0 })) {
      if (item.type === 'stored' && item.envelope.kind === 'facts') found.push(item.envelope);
    }
    return found;
  }

  async facts(): Promise<Fact[]> {
    return (await this.envelopes()).flatMap((envelope) => envelope.entries);
  }

  /** Ids of the pod's facts in the log, in order. */
  async told(): Promise<string[]> {
    return (await this.facts()).filter((fact) => fact.type === 'pod-started').map((fact) => fact.id);
  }

  async epochs(): Promise<number[]> {
    return (await this.facts()).flatMap((fact) => (fact.type === 'host-joined' ? [fact.epoch] : []));
  }

  /** Bytes to the worker's command subject; its answer. */
  async send(data: Uint8Array | string): Promise<CommandReply> {
    const reply = await this.bus.request(subjects.command('h1'), data, { timeout: ANSWER_MS });
    return CommandReply.parse(reply.json());
  }

  async ask(): Promise<Heartbeat> {
    const reply = AskReply.parse((await this.bus.request(subjects.ask('h1'), '', { timeout: ANSWER_MS })).json());
    if (reply.what !== 'state' || reply.heartbeat === null) throw new Error(`no state: ${JSON.stringify(reply)}`);
    return reply.heartbeat;
  }
}

export async function createFarm(log: JetStreamLogStore, farmId: string): Promise<void> {
  const entry = { type: 'farm-created' as const, id: 'e1', farm: 'main', farmId, who: 'test' };
  const at = new Date().toISOString();
  const envelope = { v: 1 as const, kind: 'operator' as const, farmId, at, master: 'm1', entries: [entry] };
  await log.append(subjects.logOperator, envelope, { expectedLast: 0, messageId: `created-${farmId}` });
}

export const command = (o: Partial<Command> = {}): Command => ({
  id: `c-${Math.random()}`,
  farmId: FARM_ID,
  host: 'h1',
  epoch: 0,
  term: 1,
  sequence: 9,
  body: { type: 'adopt' },
  ...o,
});
