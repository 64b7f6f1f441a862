import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import {
  type ApplyAnswer,
  type CommandReply,
  type EdgeView,
  type EventRow,
  FarmView,
  type HappeningPage,
  PodState,
} from '@dolphin/protocol';
import { onCleanup, type TestScope } from './cleanup.js';
import { DEADLINE_MS, eventually } from './eventually.js';
import { startNats, type TestNats } from './nats.js';
import { fromRoot } from './paths.js';
import { freePort, freePortRange } from './ports.js';
import { isAlive, processesWith, run, startProcess, type TestProcess } from './processes.js';
import { startRedis, type TestRedis } from './redis.js';
import { tempDir } from './temp-dir.js';

const STREAM = 'live/livestream';
/** Enough slots for what the tests scale to. */
const SLOTS = 12;

/** Between looks by `cli`: each is a start of Node. */
export const CLI_POLL_MS = 500;

export interface FarmOptions {
  edges?: number;
  mode?: 'auto' | 'relay';
  engine?: string;
  /** name → binary, beside `builtin`. */
  engines?: Record<string, string>;
  redis?: boolean;
}

/** A whole farm of one host, of real processes on ports and directories of its own. */
export class TestFarm {
  readonly #t: TestScope;
  readonly #options: FarmOptions;
  readonly dir: string;
  readonly nats: TestNats;
  readonly redis: TestRedis | null;
  readonly host = 'h1';
  readonly apiPort: number;
  readonly originPort: number;
  readonly rtmpPort: number;
  readonly httpPort: number;
  readonly ports: Record<string, number>;
  #origin?: TestProcess;
  #master?: TestProcess;
  #worker?: TestProcess;

  private constructor(t: TestScope, o: FarmOptions, parts: FarmParts) {
    this.#t = t;
    this.#options = o;
    this.dir = parts.dir;
    this.nats = parts.nats;
    this.redis = parts.redis;
    this.apiPort = parts.apiPort;
    this.originPort = parts.originPort;
    this.rtmpPort = parts.rtmpPort;
    this.httpPort = parts.httpPort;
    this.ports = parts.ports;
  }

  /** Starts everything and waits until `edges` stream edges and the back source are ready. */
  static async start(t: TestScope, o: FarmOptions = {}): Promise<TestFarm> {
    const dir = await tempDir(t);
    const [nats, redis] = await Promise.all([startNats(t), o.redis === false ? null : startRedis(t)]);
    const ports = {
      streamRtmp: await freePortRange(SLOTS),
      streamHttp: await freePortRange(SLOTS),
      streamApi: await freePortRange(SLOTS),
      backSourceRtmp: await freePort(),
      backSourceApi: await freePort(),
    };
    const farm = new TestFarm(t, o, {
      dir,
      nats,
      redis,
      ports,
      apiPort: await freePort(),
      originPort: await freePort(),
      rtmpPort: await freePort(),
      httpPort: await freePort(),
    });
    onCleanup(t, () => farm.#stop());
    farm.startOrigin();
    farm.startMaster();
    await eventually(async () => (await farm.request('POST', '/api/v1/init', { who: 'test' })).status === 200, {
      what: 'the farm is created',
    });
    farm.startWorker();
    const edges = o.edges ?? 4;
    if (edges > 0) {
      await farm.apply(edges);
      await farm.ready(edges);
    }
    return farm;
  }

  get master(): TestProcess {
    return present(this.#master);
  }
  get worker(): TestProcess {
    return present(this.#worker);
  }
  get origin(): TestProcess {
    return present(this.#origin);
  }
  /** The worker's directory, which is the pod's. */
  get runDir(): string {
    return join(this.dir, 'worker');
  }
  get rtmpUrl(): string {
    return `rtmp://127.0.0.1:${this.rtmpPort}/${STREAM}`;
  }
  get flvUrl(): string {
    return `http://127.0.0.1:${this.httpPort}/${STREAM}.flv`;
  }
  get originUrl(): string {
    return `rtmp://127.0.0.1:${this.originPort}/${STREAM}`;
  }

  startOrigin(): void {
    const conf = `listen 127.0.0.1:${this.originPort}; daemon off; srs_log_tank console; max_connections 1000;
vhost __defaultVhost__ { play { gop_cache on; } }\n`;
    const path = join(this.dir, 'origin.conf');
    writeFileSync(path, conf);
    this.#origin = startProcess(this.#t, fromRoot('bin/dolphin-edge'), ['-c', path], { cwd: this.dir });
  }

  startMaster(): void {
    this.#master = startProcess(this.#t, fromRoot('bin/dolphin-master'), [
      ...['--nats', this.nats.url, '--listen', `127.0.0.1:${this.apiPort}`, '--state-dir', join(this.dir, 'master')],
      ...(this.redis ? ['--redis', this.redis.url] : ['--redis', '']),
    ]);
  }

  startWorker(): void {
    const engines = Object.entries(this.#options.engines ?? {}).flatMap(([name, path]) => [
      '--engine',
      `${name}=${path}`,
    ]);
    this.#worker = startProcess(this.#t, fromRoot('bin/dolphin-worker'), [
      ...['--nats', this.nats.url, '--host', this.host, '--run-dir', this.runDir, '--address', '127.0.0.1'],
      ...['--rtmp', String(this.rtmpPort), '--http', String(this.httpPort), '--conf', fromRoot('conf/dolphin.conf')],
      ...['--mode', this.#options.mode ?? 'auto', ...engines],
    ]);
  }

  /** What `apply` of this many edges per host asks for. */
  spec(perHost: number): object {
    return {
      edges: { perHost },
      engine: this.#options.engine ?? 'builtin',
      origins: [`127.0.0.1:${this.originPort}`],
      ports: this.ports,
    };
  }

  apply(perHost: number): Promise<ApplyAnswer> {
    return this.applySpec(this.spec(perHost));
  }

  /** A master that lost its bus for a moment, as on a machine that stood still, takes it when it is asked again. */
  applySpec(spec: object): Promise<ApplyAnswer> {
    return eventually(
      async () => {
        const { status, body } = await this.request('POST', '/api/v1/apply', { spec, who: 'test' });
        if (status !== 200) throw new Error(JSON.stringify(body));
        return body as ApplyAnswer;
      },
      { what: 'the specification is applied', pollMs: 100 },
    );
  }

  async view(): Promise<FarmView> {
    return FarmView.parse((await this.request('GET', '/api/v1/farm')).body);
  }

  async events(after = 0): Promise<EventRow[]> {
    const { body } = await this.request('GET', `/api/v1/events?after=${after}&limit=1000`);
    return (body as { events: EventRow[] }).events;
  }

  /** Waits until exactly this many stream edges, and the back source, are ready. */
  ready(streamEdges: number): Promise<FarmView> {
    return eventually(
      async () => {
        const view = await this.view();
        const stream = view.edges.filter((edge) => edge.role === 'stream');
        const back = view.edges.filter((edge) => edge.role === 'back-source');
        const all = [...stream, ...back].every((edge) => edge.state === 'ready' && edge.pid !== null);
        const backs = streamEdges > 0 ? 1 : 0;
        if (!all || stream.length !== streamEdges || back.length !== backs) {
          throw new Error(view.edges.map((e) => `${e.role}-${e.slot} ${e.state}`).join(', ') || 'no edge');
        }
        return view;
      },
      { what: `${streamEdges} stream edges are ready`, pollMs: 50 },
    );
  }

  /** Waits for a view that is so. */
  until(what: string, is: (view: FarmView) => boolean): Promise<FarmView> {
    return eventually(
      async () => {
        const view = await this.view();
        if (!is(view)) throw new Error(JSON.stringify([view.update, view.edges.map((e) => [e.slot, e.state])]));
        return view;
      },
      { what, pollMs: 50 },
    );
  }

  async streamEdges(): Promise<EdgeView[]> {
    return (await this.view()).edges.filter((edge) => edge.role === 'stream');
  }

  async podState(): Promise<PodState> {
    return PodState.parse(await this.pod('GET', '/v1/state'));
  }

  async happenings(after = 0): Promise<HappeningPage> {
    return (await this.pod('GET', `/v1/happenings?after=${after}&limit=1000`)) as HappeningPage;
  }

  podCommand(command: object): Promise<CommandReply> {
    return this.pod('POST', '/v1/commands', command) as Promise<CommandReply>;
  }

  /** One request to the pod's control socket. */
  pod(method: string, path: string, body?: object): Promise<unknown> {
    return httpJson({ socketPath: join(this.runDir, 'pod.sock'), method, path }, body).then((answer) => answer.body);
  }

  /** One request to the master's global API. */
  request(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }> {
    return httpJson({ host: '127.0.0.1', port: this.apiPort, method, path }, body);
  }

  cli(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const main = fromRoot('bin/dolphin-cli');
    return run(this.#t, process.execPath, [main, '--api', `http://127.0.0.1:${this.apiPort}`, ...args]);
  }

  /** Ends the worker, then its pod, and fails if anything of this farm is left after that. */
  async #stop(): Promise<void> {
    await this.#worker?.stop();
    const pid = await this.podState().then(
      (state) => state.pid,
      () => null,
    );
    if (pid !== null) {
      await this.pod('POST', '/v1/stop').catch(() => undefined);
      await eventually(() => !isAlive(pid), { what: 'the pod ends when told to' });
    }
    await Promise.all([this.#master?.stop(), this.#origin?.stop()]);
    await eventually(
      () => {
        const left = processesWith(this.dir);
        if (left.length > 0) throw new Error(left.map((p) => `${p.pid} ${p.command}`).join('\n'));
        return true;
      },
      { what: 'no process of the farm is left' },
    );
  }
}

interface FarmParts {
  dir: string;
  nats: TestNats;
  redis: TestRedis | null;
  ports: Record<string, number>;
  apiPort: number;
  originPort: number;
  rtmpPort: number;
  httpPort: number;
}

function present<T>(value: T | undefined): T {
  assert.ok(value !== undefined);
  return value;
}

function httpJson(options: object, body?: object): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const headers = payload === undefined ? {} : { 'content-type': 'application/json' };
    const req = request({ ...options, headers, timeout: DEADLINE_MS }, (res) => {
      let text = '';
      res.on('data', (chunk) => {
        text += chunk;
      });
      res.on('end', () => {
        try {
          resolve({ status: res.statusCode ?? 0, body: text === '' ? null : JSON.parse(text) });
        } catch (error) {
          reject(error);
        }
      });
    });
    req.on('error', reject);
    req.on('timeout', () => req.destroy(new Error(`no answer within ${DEADLINE_MS} ms`)));
    req.end(payload);
  });
}
