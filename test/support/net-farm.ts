import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EdgeView, type EventRow, FarmView } from '@dolphin/protocol';
import { onCleanup, type TestScope } from './cleanup.js';
import { eventually } from './eventually.js';
import { startNats } from './nats.js';
import { type Machine, startNet } from './netns.js';
import { fromRoot } from './paths.js';
import { freePorts } from './ports.js';
import { processesWith, run, startProcess } from './processes.js';
import { tempDir } from './temp-dir.js';

/** Public ports: each host has a network of its own, so that all can have the same. */
const RTMP = 19_350;
const HTTP = 8_088;

/**
 * A farm of several hosts, each a machine with its own worker, pod, run directory and private address. NATS, one master and
 * the origin are on the test's own machine.
 */
export class NetFarm {
  readonly #t: TestScope;
  readonly #dir: string;
  readonly #api: string;
  readonly #origin: string;
  readonly #natsUrl: string;
  readonly hosts = new Map<string, Machine>();

  private constructor(t: TestScope, parts: { dir: string; api: string; origin: string; natsUrl: string }) {
    this.#t = t;
    this.#dir = parts.dir;
    this.#api = parts.api;
    this.#origin = parts.origin;
    this.#natsUrl = parts.natsUrl;
  }

  /** Waits until every host has joined. */
  static async start(t: TestScope, names: readonly string[]): Promise<NetFarm> {
    const dir = await tempDir(t);
    const net = await startNet(t);
    const nats = await startNats(t, { address: net.address });
    const [api, origin] = await freePorts(2);
    const farm = new NetFarm(t, {
      dir,
      api: `http://127.0.0.1:${api}`,
      origin: `${net.address}:${origin}`,
      natsUrl: nats.url,
    });
    onCleanup(t, () => eventually(() => processesWith(dir).length === 0, { what: 'nothing of the farm is left' }));
    const conf = join(dir, 'origin.conf');
    writeFileSync(conf, `listen ${farm.#origin}; vhost __defaultVhost__ { play { gop_cache on; } }\n`);
    startProcess(t, fromRoot('bin/dolphin-edge'), ['-c', conf], { cwd: dir });
    const state = ['--redis', '', '--state-dir', join(dir, 'master')];
    startProcess(t, fromRoot('bin/dolphin-master'), ['--nats', nats.url, '--listen', `127.0.0.1:${api}`, ...state]);
    await eventually(async () => (await farm.#post('/api/v1/init', { who: 'test' })).ok, {
      what: 'the farm is created',
    });
    for (const name of names) {
      const machine = await net.machine();
      onCleanup(t, () => machine.end());
      farm.hosts.set(name, machine);
      farm.#join(name, machine);
    }
    await eventually(async () => (await farm.view()).totals.hostsUp === names.length, { what: 'all hosts are up' });
    return farm;
  }

  #join(name: string, machine: Machine): void {
    machine.start(fromRoot('bin/dolphin-worker'), [
      ...['--nats', this.#natsUrl, '--host', name, '--run-dir', join(this.#dir, name)],
      ...['--address', machine.address, '--private-address', machine.address],
      ...['--leave', '--rtmp', String(RTMP), '--http', String(HTTP), '--conf', fromRoot('conf/dolphin.conf')],
    ]);
  }

  /** Tells its worker to end, which takes the host out of the farm. */
  leave(name: string): void {
    const inside = processesWith(join(this.#dir, name)).filter(({ command }) => !command.startsWith('nsenter'));
    const worker = inside.find(({ command }) => command.includes('bin/dolphin-worker'));
    assert.ok(worker, `${name} has a worker`);
    process.kill(worker.pid, 'SIGTERM');
  }

  get originUrl(): string {
    return `rtmp://${this.#origin}/live/livestream`;
  }

  host(name: string): Machine {
    const machine = this.hosts.get(name);
    assert.ok(machine);
    return machine;
  }

  rtmpUrl(name: string): string {
    return `rtmp://${this.host(name).address}:${RTMP}/live/livestream`;
  }

  flvUrl(name: string): string {
    return `http://${this.host(name).address}:${HTTP}/live/livestream.flv`;
  }

  async apply(edges: object): Promise<void> {
    const spec = { edges, origins: [this.#origin] };
    const answer = await this.#post('/api/v1/apply', { spec, who: 'test' });
    assert.equal(answer.status, 200, await answer.text());
  }

  async view(): Promise<FarmView> {
    return FarmView.parse(await (await fetch(`${this.#api}/api/v1/farm`)).json());
  }

  async events(type: string): Promise<EventRow[]> {
    const { events } = (await (await fetch(`${this.#api}/api/v1/events?limit=1000`)).json()) as { events: EventRow[] };
    return events.filter((event) => event.type === type);
  }

  /** Waits until the farm has settled with so many ready stream edges by host. */
  ready(wanted: Readonly<Record<string, number>>): Promise<FarmView> {
    return eventually(
      async () => {
        const view = await this.view();
        const counts = Object.keys(wanted).map((name) => [name, streamsOn(view, name).length]);
        const found = JSON.stringify(Object.fromEntries(counts));
        if (found !== JSON.stringify(wanted) || !view.settled) throw new Error(`${found}, settled: ${view.settled}`);
        return view;
      },
      { what: `ready stream edges: ${JSON.stringify(wanted)}`, pollMs: 100 },
    );
  }

  cli(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    return run(this.#t, process.execPath, [fromRoot('services/cli/dist/main.js'), '--api', this.#api, ...args]);
  }

  #post(path: string, body: object): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    return fetch(this.#api + path, { method: 'POST', headers, body: JSON.stringify(body) });
  }
}

/** Ready ones, as the master sees them now. */
function streamsOn(view: FarmView, host: string): EdgeView[] {
  return view.edges.filter((edge) => edge.host === host && edge.role === 'stream' && edge.state === 'ready');
}
