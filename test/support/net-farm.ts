import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BusUser, type EdgeView, type EventRow, FarmView } from '@dolphin/protocol';
import { onCleanup, type TestScope } from './cleanup.js';
import { eventually } from './eventually.js';
import { type NatsWithUsers, startNatsWithUsers } from './nats-users.js';
import { type Machine, startNet } from './netns.js';
import { fromRoot } from './paths.js';
import { freePorts } from './ports.js';
import { processesWith, run, startProcess } from './processes.js';
import { tempDir } from './temp-dir.js';

/** Public ports: each host has a network of its own, so that all can have the same. */
const RTMP = 19_350;
const HTTP = 8_088;
const MASTER: BusUser = { role: 'master', farm: 'main' };
const workerOf = (host: string): BusUser => ({ role: 'worker', farm: 'main', host });

/**
 * A farm of several hosts, each a machine with its own worker, pod, run directory, private address and user on NATS. That, one
 * master and the origin are on the test's own machine.
 */
export class NetFarm {
  readonly #t: TestScope;
  readonly #dir: string;
  readonly #api: string;
  readonly #origin: string;
  readonly #nats: NatsWithUsers;
  readonly hosts = new Map<string, Machine>();

  private constructor(t: TestScope, parts: { dir: string; api: string; origin: string; nats: NatsWithUsers }) {
    this.#t = t;
    this.#dir = parts.dir;
    this.#api = parts.api;
    this.#origin = parts.origin;
    this.#nats = parts.nats;
  }

  /** Waits until every host has joined. */
  static async start(t: TestScope, names: readonly string[]): Promise<NetFarm> {
    const dir = await tempDir(t);
    const net = await startNet(t);
    const users: BusUser[] = [MASTER, ...names.map(workerOf)];
    const nats = await startNatsWithUsers(t, users, net.address);
    const [api, origin] = await freePorts(2);
    const farm = new NetFarm(t, {
      dir,
      api: `http://127.0.0.1:${api}`,
      origin: `${net.address}:${origin}`,
      nats,
    });
    onCleanup(t, () => eventually(() => processesWith(dir).length === 0, { what: 'nothing of the farm is left' }));
    const conf = join(dir, 'origin.conf');
    writeFileSync(conf, `listen ${farm.#origin}; vhost __defaultVhost__ { play { gop_cache on; } }\n`);
    startProcess(t, fromRoot('bin/dolphin-edge'), ['-c', conf], { cwd: dir });
    const state = ['--redis', '', '--state-dir', join(dir, 'master')];
    const where = ['--nats', nats.url, '--credentials', nats.file(MASTER), '--listen', `127.0.0.1:${api}`];
    startProcess(t, fromRoot('bin/dolphin-master'), [...where, ...state]);
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
      ...['--nats', this.#nats.url, '--credentials', this.#nats.file(workerOf(name))],
      ...['--host', name, '--run-dir', join(this.#dir, name)],
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
    const { status, text } = await this.tryApply(edges, this.#origin);
    assert.equal(status, 200, text);
  }

  async tryApply(edges: object, origin: string): Promise<{ status: number; text: string }> {
    const answer = await this.#post('/api/v1/apply', { spec: { edges, origins: [origin] }, who: 'test' });
    return { status: answer.status, text: await answer.text() };
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
    return run(this.#t, process.execPath, [fromRoot('bin/dolphin-cli'), '--api', this.#api, ...args]);
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
