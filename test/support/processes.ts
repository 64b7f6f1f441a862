import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { onCleanup, type TestScope } from './cleanup.js';
import { DEADLINE_MS, eventually } from './eventually.js';

export interface TestProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** All that it printed so far. */
  stdout(): string;
  stderr(): string;
  /** Both, as they came. */
  output(): string;
  /** Waits until a line of its output matches. */
  printed(pattern: RegExp, deadlineMs?: number): Promise<RegExpMatchArray>;
  kill(signal?: NodeJS.Signals): void;
  /** Its end, whether it has come or not. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Waits for its end, and fails with what it printed last when that does not come. */
  ends(deadlineMs?: number): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Signals it and waits for its end. */
  stop(signal?: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

const MAX_OUTPUT = 4 * 1024 * 1024;

/** Starts a process that is killed (and waited for) when the test ends. */
export function startProcess(
  t: TestScope,
  command: string,
  args: readonly string[] = [],
  options: SpawnOptions = {},
): TestProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let stdout = '';
  let stderr = '';
  let output = '';
  const bounded = (text: string, chunk: Buffer) => (text + chunk.toString()).slice(-MAX_OUTPUT);
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout = bounded(stdout, chunk);
    output = bounded(output, chunk);
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = bounded(stderr, chunk);
    output = bounded(output, chunk);
  });
  child.on('error', (error) => {
    stderr += `${command}: ${error.message}\n`;
    closed = true;
  });
  let closed = false;
  const exited = once(child, 'close').then(([code, signal]) => {
    closed = true;
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  exited.catch(() => undefined);
  const ended = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  const ends = async (deadlineMs = DEADLINE_MS) => {
    let timer: NodeJS.Timeout | undefined;
    const overdue = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`${command} has not ended within ${deadlineMs} ms; it printed:\n${output.slice(-2000)}`));
      }, deadlineMs);
    });
    try {
      return await Promise.race([exited, overdue]);
    } finally {
      clearTimeout(timer);
    }
  };
  onCleanup(t, async () => {
    if (!ended()) child.kill('SIGKILL');
    child.stdout?.destroy();
    child.stderr?.destroy();
    if (!ended()) await once(child, 'exit');
  });
  return {
    child,
    get pid() {
      if (child.pid === undefined) throw new Error(`${command} did not start`);
      return child.pid;
    },
    stdout: () => stdout,
    stderr: () => stderr,
    output: () => output,
    printed: async (pattern, deadlineMs = DEADLINE_MS) => {
      const what = `${command} prints ${pattern}`;
      const match = await eventually(() => output.match(pattern) ?? (closed ? 'closed' : null), { what, deadlineMs });
      if (match === 'closed') throw new Error(`${command} ended; it printed:\n${output.slice(-2000)}`);
      return match;
    },
    kill: (signal = 'SIGTERM') => {
      child.kill(signal);
    },
    exited,
    ends,
    stop: (signal = 'SIGTERM') => {
      if (!ended()) child.kill(signal);
      return ends();
    },
  };
}

/** Runs a command to its end. Never throws on a bad exit code; kills it at the deadline. */
export async function run(
  t: TestScope,
  command: string,
  args: readonly string[] = [],
  options: SpawnOptions & { deadlineMs?: number } = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { deadlineMs = 2 * DEADLINE_MS, ...spawnOptions } = options;
  const process = startProcess(t, command, args, spawnOptions);
  const timer = setTimeout(() => process.kill('SIGKILL'), deadlineMs);
  const { code } = await process.exited;
  clearTimeout(timer);
  return { code, stdout: process.stdout(), stderr: process.stderr() };
}

/** True while the process is there and not a zombie. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

/** Stops it with SIGSTOP, and waits until no thread of it runs: the signal is sent at once, and takes effect a little later. */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  const stands = (thread: string) => /\) T /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'));
  await eventually(() => readdirSync(`/proc/${pid}/task`).every(stands), { what: `process ${pid} stands still` });
}

/** Processes whose command line contains `text`: a test gives its own directory, so that it finds only its own. */
export function processesWith(text: string): { pid: number; command: string }[] {
  const found: { pid: number; command: string }[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const cwd = readlink(`/proc/${name}/cwd`);
      if ((command.includes(text) || cwd.startsWith(text)) && isAlive(Number(name))) {
        found.push({ pid: Number(name), command });
      }
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

function readlink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
