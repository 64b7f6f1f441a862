import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connectBus, createLog } from '@dolphin/eventlog';
import { type Fact, FarmView, type LogEnvelope, subjectsOf } from '@dolphin/protocol';
import { silentLogger } from '@dolphin/runtime';
import { headers } from 'nats';
import { type Child, freePort, listening, startChild } from './child.js';
import { cpuMicroseconds, rssBytes } from './process-usage.js';
import { root } from './start-program.js';

export interface ReplayResult {
  entries: number;
  /** From the start of the master's process until it has folded all, in ms. */
  fromLogMs: number;
  /** CPU time of that, which a busy machine does not change by much. */
  fromLogCpuMs: number;
  /** The same with the snapshot that it left when it was stopped. */
  fromSnapshotMs: number;
  /** After folding all. */
  rssMb: number;
}

const FARM = 'bench';
const HOSTS = 10;
const SLOTS = 16;
/** Messages under way to the server. */
const BATCH = 1000;
const FOLD_WITHIN_MS = 300_000;
const POLL_MS = 20;

/** A log of one message for each entry, as edges write it that die and come back; then a master that begins with it. */
export async function benchReplay(
  entries: number,
  dir: string,
  progress: (text: string) => void,
): Promise<ReplayResult> {
  const natsPort = await freePort();
  const store = join(dir, `log-${entries}`);
  mkdirSync(store);
  const nats = startChild(null, 'nats-server', ['-a', '127.0.0.1', '-p', String(natsPort), '-js', '-sd', store]);
  await listening(nats, natsPort);
  const url = `nats://127.0.0.1:${natsPort}`;
  try {
    progress(`writing ${entries} entries`);
    const last = await fillLog(url, entries);
    const stateDir = join(dir, `master-${entries}`);
    const first = await foldAll(url, stateDir, last);
    const { rssMb } = first;
    await first.master.stop();
    const second = await foldAll(url, stateDir, last);
    await second.master.stop();
    progress(`${entries} entries: ${first.ms} ms from the log, ${second.ms} ms from a snapshot`);
    return { entries, fromLogMs: first.ms, fromLogCpuMs: first.cpuMs, fromSnapshotMs: second.ms, rssMb };
  } finally {
    await nats.stop();
  }
}

/** The sequence of the last entry. */
async function fillLog(url: string, entries: number): Promise<number> {
  const bus = await connectBus(url, { name: 'bench', logger: silentLogger(), waitForFirst: false });
  try {
    await createLog(bus, FARM);
    const subjects = subjectsOf(FARM);
    const farmId = randomUUID();
    let last = 0;
    const put = async (messages: { subject: string; envelope: LogEnvelope }[]) => {
      const acks = await Promise.all(
        messages.map(({ subject, envelope }) => {
          // Without an id it would be none that was appended.
          const id = headers();
          id.set('Nats-Msg-Id', envelope.entries[0]?.id ?? '');
          return bus.request(subject, JSON.stringify(envelope), { headers: id, timeout: 60_000 });
        }),
      );
      for (const ack of acks) last = Math.max(last, (ack.json() as { seq: number }).seq);
    };
    await put([{ subject: subjects.logOperator, envelope: created(farmId) }]);
    for (let written = 1; written < entries; written += BATCH) {
      const count = Math.min(BATCH, entries - written);
      await put(Array.from({ length: count }, (_, i) => factAt(written + i, farmId, subjects.logHost)));
    }
    return last;
  } finally {
    await bus.close();
  }
}

function created(farmId: string): LogEnvelope {
  const entry = { id: randomUUID(), type: 'farm-created' as const, farm: FARM, farmId, who: 'bench' };
  return { v: 1, farmId, at: new Date().toISOString(), kind: 'operator', master: 'bench', entries: [entry] };
}

/** The hosts take turns; each joins first, and then its edges die, start and are ready, one after the other. */
function factAt(n: number, farmId: string, subjectOf: (host: string) => string) {
  const host = `h${n % HOSTS}`;
  const turn = Math.floor(n / HOSTS);
  const envelope: LogEnvelope = {
    v: 1,
    farmId,
    at: new Date().toISOString(),
    kind: 'facts',
    host,
    epoch: 1,
    upTo: turn,
    entries: [turn === 0 ? joined() : edgeFact(turn)],
  };
  return { subject: subjectOf(host), envelope };
}

function joined(): Fact {
  return { id: randomUUID(), type: 'host-joined', epoch: 1, version: 'bench', rtmp: [19350], http: [8088] };
}

function edgeFact(turn: number): Fact {
  const edge = {
    role: 'stream' as const,
    slot: Math.floor(turn / 3) % SLOTS,
    generation: 1,
    pid: 1000 + (turn % 30_000),
  };
  const id = randomUUID();
  switch (turn % 3) {
    case 0:
      return {
        id,
        type: 'edge-exited',
        ...edge,
        asked: false,
        wasReady: true,
        code: null,
        signal: 'SIGKILL',
        uptimeMs: 1,
        stderr: [],
      };
    case 1:
      return { id, type: 'edge-started', ...edge, engine: 'builtin', attempt: 1 };
    default:
      return { id, type: 'edge-ready', ...edge, afterMs: 200 };
  }
}

/** Starts a master and waits until its view reflects `sequence`. */
async function foldAll(
  url: string,
  stateDir: string,
  sequence: number,
): Promise<{ ms: number; cpuMs: number; rssMb: number; master: Child }> {
  const port = await freePort();
  const began = performance.now();
  const master = startChild(null, process.execPath, [
    join(root, 'bin/dolphin-master'),
    ...['--farm', FARM, '--nats', url, '--redis', '', '--listen', `127.0.0.1:${port}`, '--state-dir', stateDir],
  ]);
  for (;;) {
    const view = await viewOf(port);
    const ms = Math.round(performance.now() - began);
    if (view !== null && view.sequence >= sequence) {
      const cpuMs = Math.round(cpuMicroseconds(master.pid) / 1000);
      return { ms, cpuMs, rssMb: Math.round(rssBytes(master.pid) / 1e6), master };
    }
    if (master.process.exitCode !== null || ms > FOLD_WITHIN_MS) {
      throw new Error(`the master is at ${view?.sequence ?? 'nothing'} of ${sequence}:\n${master.output()}`);
    }
    await wait(POLL_MS);
  }
}

async function viewOf(port: number): Promise<FarmView | null> {
  try {
    return FarmView.parse(await (await fetch(`http://127.0.0.1:${port}/api/v1/farm`)).json());
  } catch {
    return null;
  }
}
