import { randomUUID } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type Command,
  type CommandBody,
  CommandReply,
  type EdgeDefinition,
  HappeningPage,
  type PodFact,
  PodState,
} from '@dolphin/protocol';
import { eventually } from '../../support/eventually.js';
import { fromRoot } from '../../support/paths.js';
import { freePorts } from '../../support/ports.js';
import { startProcess, type TestProcess } from '../../support/processes.js';
import { tempDir } from '../../support/temp-dir.js';

export const FARM_ID = randomUUID();

/** While this file is there, a `late` fake edge is up and not ready. */
export const gateOf = (dir: string) => join(dir, 'gate');

/**
 * An edge without media, as a binary that a pod can start: `-v` and `-t` as a server, and else this Node with a program of
 * these tests. A pod asks for both before each first start, and a shell answers them in no time.
 */
export function fakeBinary(dir: string, behaviour = 'hand-off'): string {
  const path = join(dir, `fake-${behaviour}`);
  const version = behaviour === 'relay' || behaviour === 'shut' ? '5.0.216' : 'dolphin-edge 0.1.0';
  const script = fromRoot('test/dist/integration/pod-support/fake-edge.js');
  const env = `FAKE_EDGE=${behaviour} FAKE_EDGE_GATE=${gateOf(dir)}`;
  const lines = [
    '#!/bin/sh',
    `[ "$1" = -v ] && echo '${version}' && exit`,
    'if [ "$1" = -t ]; then',
    '  grep -q refuse_me "$3" || exit 0',
    '  echo refuse_me is not a directive >&2; exit 255',
    'fi',
    `${env} exec ${process.execPath} ${script} "$@"`,
  ];
  writeFileSync(path, `${lines.join('\n')}\n`);
  chmodSync(path, 0o755);
  return path;
}

export interface TestPod {
  readonly dir: string;
  readonly runDir: string;
  readonly rtmp: number;
  readonly http: number;
  process(): TestProcess;
  /** A pod on the same directory and ports again. */
  start(): Promise<void>;
  state(): Promise<PodState>;
  facts(): Promise<PodFact[]>;
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  /** The answer as it came, byte for byte. */
  ask(method: string, path: string, body?: string): Promise<{ status: number; type: string; bytes: Buffer }>;
  /** Term 1 and a sequence one above the last, unless given. */
  command(body: CommandBody, over?: Partial<Command>): Promise<CommandReply>;
  send(command: Command): Promise<CommandReply>;
  edge(slot: number, over?: Partial<EdgeDefinition>): Promise<EdgeDefinition>;
  /** Spawns stream edges and waits until all are ready. */
  spawn(count: number, engine: string): Promise<EdgeDefinition[]>;
}

/** A farm's pod in a process of its own, without a farm. */
export async function startPod(
  t: TestContext,
  o: {
    engines: (dir: string) => string[];
    mode?: string;
    relays?: number;
    /** pod.yaml, and the conf of its edges. */
    config?: string;
    conf?: string;
    env?: NodeJS.ProcessEnv;
    args?: readonly string[];
  },
): Promise<TestPod> {
  const dir = await tempDir(t);
  const runDir = join(dir, 'run');
  const [rtmp = 0, http = 0] = await freePorts(2);
  const conf = join(dir, 'dolphin.conf');
  writeFileSync(conf, o.conf ?? 'vhost __defaultVhost__ { }\n');
  const args = ['--run-dir', runDir, '--host', 'h1', '--rtmp', String(rtmp), '--http', String(http), '--conf', conf];
  for (const engine of o.engines(dir)) args.push('--engine', engine);
  if (o.mode !== undefined) args.push('--mode', o.mode);
  if (o.relays !== undefined) args.push('--relays', String(o.relays));
  if (o.config !== undefined) {
    const config = join(dir, 'pod.yaml');
    writeFileSync(config, o.config);
    args.push('--config', config);
  }
  args.push(...(o.args ?? []));
  let pod: TestProcess;
  let sequence = 0;
  const ask: TestPod['ask'] = (method, path, body) =>
    new Promise((resolve, reject) => {
      const asked = request({ socketPath: join(runDir, 'pod.sock'), method, path }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        const type = response.headers['content-type'] ?? '';
        response.on('end', () => resolve({ status: response.statusCode ?? 0, type, bytes: Buffer.concat(chunks) }));
      });
      asked.on('error', reject);
      asked.end(body);
    });
  const call: TestPod['call'] = async (method, path, body) => {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const { status, bytes } = await ask(method, path, text);
    return { status, body: JSON.parse(bytes.toString()) as unknown };
  };
  const self: TestPod = {
    dir,
    runDir,
    rtmp,
    http,
    process: () => pod,
    async start() {
      pod = startProcess(t, fromRoot('bin/dolphin-pod'), args, { env: { ...process.env, ...o.env } });
      const started = pod;
      await eventually(
        async () => {
          if (started.child.exitCode !== null) throw new Error(started.output());
          return (await self.state()).pid === started.pid;
        },
        { what: 'the pod answers' },
      );
    },
    call,
    ask,
    state: async () => PodState.parse((await call('GET', '/v1/state')).body),
    facts: async () => {
      const page = HappeningPage.parse((await call('GET', '/v1/happenings?after=0&limit=1000')).body);
      return page.happenings.map((happening) => happening.fact);
    },
    send: async (command) => CommandReply.parse((await call('POST', '/v1/commands', command)).body),
    command(body, over = {}) {
      sequence += 1;
      const id = randomUUID();
      return self.send({ id, farmId: FARM_ID, host: 'h1', epoch: 1, term: 1, sequence, body, ...over });
    },
    async edge(slot, over = {}) {
      const [edgeRtmp = 0, edgeHttp = 0, api = 0] = await freePorts(3);
      const ports = { rtmp: edgeRtmp, http: edgeHttp, api };
      const edge = { role: 'stream', slot, generation: 1, engine: 'fake', ports, origins: ['127.0.0.1:1'] } as const;
      return { ...edge, origins: [...edge.origins], ...over };
    },
    async spawn(count, engine) {
      const edges: EdgeDefinition[] = [];
      for (let slot = 0; slot < count; slot++) {
        const edge = await self.edge(slot, { engine });
        await self.command({ type: 'spawn', edge });
        edges.push(edge);
      }
      await eventually(
        async () => (await self.state()).edges.filter((edge) => edge.state === 'ready').length === count,
        {
          what: `${count} edges are ready`,
          // Two starts of Node for each, all at once.
          deadlineMs: 30_000,
        },
      );
      return edges;
    },
  };
  await self.start();
  return self;
}

export interface TestClient {
  readonly socket: Socket;
  /** All that came. */
  text(): string;
  readonly closed: Promise<void>;
  isClosed(): boolean;
  /** The first line that the fake edge says: `hand-off dolphin-h1-stream-0 123`. */
  served(): Promise<{ how: string; edge: string; pid: number }>;
}

/** A client of the public RTMP port; `first` is what it says at once. */
export async function connectClient(t: TestContext, port: number, first = '\x03hello\n'): Promise<TestClient> {
  const socket = connect({ port, host: '127.0.0.1' });
  let text = '';
  let isClosed = false;
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      isClosed = true;
      resolve();
    });
  });
  t.after(() => socket.destroy());
  await new Promise((resolve) => socket.once('connect', resolve));
  if (first !== '') socket.write(first, 'latin1');
  return {
    socket,
    text: () => text,
    closed,
    isClosed: () => isClosed,
    served: async () => {
      const line = await eventually(() => /^(\S+) (\S+) (\d+)\n/.exec(text), { what: 'the edge greets the client' });
      return { how: line[1] ?? '', edge: line[2] ?? '', pid: Number(line[3]) };
    },
  };
}

/** A client that an edge has greeted. */
export async function connectServed(t: TestContext, port: number): Promise<TestClient> {
  const client = await connectClient(t, port);
  await client.served();
  return client;
}

export const readText = (path: string) => readFileSync(path, 'utf8');
