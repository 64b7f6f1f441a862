import { join } from 'node:path';
import {
  type ApplyAnswer,
  type ErrorAnswer,
  type EventPage,
  type EventRow,
  FarmView,
  type InitAnswer,
} from '@dolphin/protocol';
import type { TestScope } from '../../support/cleanup.js';
import { DEADLINE_MS, eventually } from '../../support/eventually.js';
import { fromRoot } from '../../support/paths.js';
import { freePort } from '../../support/ports.js';
import { startProcess, type TestProcess } from '../../support/processes.js';
import { tempDir } from '../../support/temp-dir.js';

/** What the API answers with, whichever call it was: a test reads what it expects. */
interface Body extends InitAnswer, ApplyAnswer, EventPage {
  readonly error: ErrorAnswer['error'];
  readonly ok: boolean;
  readonly paths: Record<string, object>;
}

export interface Answer {
  readonly status: number;
  readonly body: Body;
}

interface MasterOptions {
  readonly nats: string;
  readonly redis?: string;
  readonly id?: string;
  readonly args?: readonly string[];
}

/** A real master process on ports and a directory of its own. */
export class TestMaster {
  readonly stateDir: string;
  readonly port: number;
  readonly #t: TestScope;
  readonly #args: readonly string[];
  #process: TestProcess;

  private constructor(t: TestScope, o: { stateDir: string; port: number; args: readonly string[] }) {
    this.#t = t;
    this.stateDir = o.stateDir;
    this.port = o.port;
    this.#args = o.args;
    this.#process = this.#start();
  }

  static async start(t: TestScope, o: MasterOptions): Promise<TestMaster> {
    const master = await TestMaster.launch(t, o);
    await master.answers();
    return master;
  }

  /** One that may end before anybody has asked it for anything. */
  static async launch(t: TestScope, o: MasterOptions): Promise<TestMaster> {
    const stateDir = join(await tempDir(t), 'master');
    const port = await freePort();
    const args = ['--nats', o.nats, '--redis', o.redis ?? '', '--id', o.id ?? 'm1', ...(o.args ?? [])];
    return new TestMaster(t, { stateDir, port, args });
  }

  #start(): TestProcess {
    return startProcess(this.#t, fromRoot('bin/dolphin-master'), [
      ...['--listen', `127.0.0.1:${this.port}`, '--state-dir', this.stateDir],
      ...this.#args,
    ]);
  }

  get process(): TestProcess {
    return this.#process;
  }

  async kill(): Promise<void> {
    await this.#process.stop('SIGKILL');
  }

  async restart(): Promise<void> {
    this.#process = this.#start();
    await this.answers();
  }

  answers(): Promise<Answer> {
    return eventually(() => this.request('GET', '/healthz'), { what: 'the global API answers' });
  }

  async request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    return { status: response.status, body: (await response.json()) as Body };
  }

  /** Creates the farm as soon as the bus is there. */
  async init(): Promise<InitAnswer> {
    const { body } = await eventually(
      async () => {
        const answer = await this.request('POST', '/api/v1/init', { who: 'test' });
        if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
        return answer;
      },
      { what: 'the farm is created' },
    );
    return body;
  }

  apply(edges: object, headers: Record<string, string> = {}, more: object = {}): Promise<Answer> {
    return this.request('POST', '/api/v1/apply', { spec: { ...specOf(edges), ...more }, who: 'test' }, headers);
  }

  /** A master that lost its bus for a moment, as on a machine that stood still, takes it when it is asked again. */
  async applied(edges: object, more: object = {}): Promise<ApplyAnswer> {
    const { body } = await eventually(
      async () => {
        const answer = await this.apply(edges, {}, more);
        if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
        return answer;
      },
      { what: 'it is applied', pollMs: 100 },
    );
    return body;
  }

  async view(): Promise<FarmView> {
    return FarmView.parse((await this.request('GET', '/api/v1/farm')).body);
  }

  async events(): Promise<EventRow[]> {
    return (await this.request('GET', '/api/v1/events?limit=1000')).body.events;
  }

  until(what: string, is: (view: FarmView) => boolean): Promise<FarmView> {
    return eventually(
      async () => {
        const view = await this.view();
        if (!is(view)) throw new Error(JSON.stringify({ ...view, spec: undefined }).slice(0, 600));
        return view;
      },
      { what, pollMs: 30 },
    );
  }

  leads(): Promise<FarmView> {
    return this.until('the master leads', (view) => view.master.state === 'leader');
  }

  settled(edges: number): Promise<FarmView> {
    return this.until(
      `${edges} edges are settled`,
      (view) => view.settled && view.totals.ready === edges && view.totals.desired === edges,
    );
  }
}

export function specOf(edges: object): object {
  return { edges, origins: ['127.0.0.1:1935'] };
}
