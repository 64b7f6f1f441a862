import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { AskReply, type CliFile, type EdgeView, Heartbeat, PodState, subjectsOf } from '@dolphin/protocol';
import { connect } from 'nats';
import { onCleanup, type TestScope } from '../../support/cleanup.js';
import { edgeView, NOW } from '../../unit/cli/samples.js';

export const FARM_ID = '6f9f3a52-7f0d-4a5e-9d3d-2b8c1c6a9e10';

/** A pod with a ready stream edge at each of these private APIs. */
export function podState(host: string, apis: readonly string[], more: Partial<EdgeView> = {}): PodState {
  return PodState.parse({
    ...{ pid: 4711, version: '0.1.0', host, farmId: FARM_ID, term: 1, rtmp: [19350], http: [8088] },
    ...{ address: '127.0.0.1', lastHappening: 0, uptimeMs: 1, clients: 0, refused: {} },
    edges: apis.map((api, slot) => {
      const ports = { rtmp: 1936 + slot, http: 18081 + slot, api: Number(new URL(api).port) };
      return { ...edgeView(slot, { ports, ...more }), name: `stream-${slot}` };
    }),
  });
}

export function heartbeat(host: string, pod: PodState | null): Heartbeat {
  return { farmId: FARM_ID, host, epoch: 1, at: NOW, address: '127.0.0.1', upTo: 0, pod };
}

/** A worker as others hear it: heartbeats all the time, and what it says when it is asked; null: nothing. */
export async function fakeWorker(t: TestScope, url: string, own: Heartbeat, reply: AskReply | null): Promise<void> {
  const bus = await connect({ servers: url });
  const subjects = subjectsOf('main');
  bus.subscribe(subjects.ask(own.host), {
    callback: (_, message) => {
      if (reply) message.respond(JSON.stringify(AskReply.parse(reply)));
    },
  });
  const beat = () => bus.publish(subjects.heartbeat(own.host), JSON.stringify(Heartbeat.parse(own)));
  const timer = setInterval(beat, 100);
  onCleanup(t, async () => {
    clearInterval(timer);
    await bus.close();
  });
  await bus.flush();
}

/** A pod's control socket in this directory. */
export async function fakePodSocket(t: TestScope, runDir: string, state: PodState): Promise<void> {
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/v1/state' ? 200 : 404;
    response.end(JSON.stringify(state));
  });
  await new Promise<void>((done) => server.listen(join(runDir, 'pod.sock'), done));
  onCleanup(t, async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    rmSync(join(runDir, 'pod.sock'), { force: true });
  });
}

export function writeCliFile(dir: string, file: Omit<CliFile, 'v' | 'farm'>): void {
  writeFileSync(join(dir, 'cli.json'), JSON.stringify({ v: 1, farm: 'main', ...file } satisfies CliFile), {
    mode: 0o600,
  });
}
