import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, connect as netConnect } from 'node:net';
import { cpus } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';

/** Two cores or more: the measured program has core 0 for itself, everything else runs on core 1. */
export const MEASURED_CORE = 0;
export const OTHER_CORE = 1;

const has = (command: string) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
export const canPin: boolean = cpus().length >= 2 && has('taskset');
const canDieWithUs = has('setpriv');

export interface Child {
  readonly process: ChildProcess;
  readonly pid: number;
  /** The last lines of its output, for the message when it failed. */
  output(): string;
  stop(): Promise<void>;
}

const KEPT_OUTPUT = 4000;
/** SRS takes a second to quit. */
const STOP_DEADLINE_MS = 5000;

const running = new Set<Child>();

/** Starts a program on a core (null: on all of them). It dies with this process, however that ends. */
export function startChild(
  core: number | null,
  command: string,
  args: readonly string[],
  o: { cwd?: string; ipc?: boolean } = {},
): Child {
  const words = [
    ...(canDieWithUs ? ['setpriv', '--pdeathsig', 'KILL'] : []),
    ...(canPin && core !== null ? ['taskset', '-c', String(core)] : []),
    command,
    ...args,
  ];
  const [program = command, ...rest] = words;
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe', ...(o.ipc === true ? ['ipc' as const] : [])],
    ...(o.cwd === undefined ? {} : { cwd: o.cwd }),
  });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-KEPT_OUTPUT);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  child.on('error', (error) => keep(Buffer.from(error.message)));
  const ended = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  const made: Child = {
    process: child,
    pid: child.pid ?? 0,
    output: () => output,
    stop: async () => {
      running.delete(made);
      if (ended()) return;
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
      await exit;
      clearTimeout(timer);
    },
  };
  running.add(made);
  return made;
}

/** Stops all that startChild started and nobody stopped. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].reverse().map((child) => child.stop()));
}

/** Puts this process on the core of the others. */
export function pinSelf(): void {
  if (canPin) spawnSync('taskset', ['-cp', String(OTHER_CORE), String(process.pid)], { stdio: 'ignore' });
}

/** Below Linux's ephemeral range, where thousands of players' own ports come from, and beside dolphin's ports. */
const FIRST_PORT = 13_000;
const PORTS = 5000;

/** A port of loopback that nothing listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.on('error', () => resolve(false));
      server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(true));
    });
    if (!free) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

const LISTEN_DEADLINE_MS = 15_000;
const LISTEN_POLL_MS = 50;

/** Resolves when `child` accepts connections on the port; rejects with its output when it ended or was too late. */
export async function listening(child: Child, port: number): Promise<void> {
  const deadline = performance.now() + LISTEN_DEADLINE_MS;
  while (performance.now() < deadline) {
    if (child.process.exitCode !== null || child.pid === 0) break;
    const socket = netConnect({ port, host: '127.0.0.1' });
    const accepted = await new Promise<boolean>((resolve) => {
      socket.on('connect', () => resolve(true));
      socket.on('error', () => resolve(false));
    });
    socket.destroy();
    if (accepted) return;
    await wait(LISTEN_POLL_MS);
  }
  throw new Error(`${child.process.spawnargs.join(' ')} does not listen on ${port}:\n${child.output()}`);
}
