import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import type { ProcessExit } from '../app/ports.js';
import { appendTail, EMPTY_TAIL, type LogTail, TAIL_BYTES, tailLines } from '../domain/log-tail.js';
import type { UnderParent } from './parent-death.js';

/** The pipes of an exited child end with it, unless a child of its own holds them: then they are not waited for. */
const LAST_WORDS_MS = 100;

export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  onMessage(handler: (message: unknown) => void): void;
  onExit(handler: (exit: ProcessExit) => void): void;
  signal(name: 'SIGTERM' | 'SIGKILL'): void;
}

const STDIO: StdioOptions = ['ignore', 'pipe', 'pipe', 'ipc'];

/**
 * Starts a child with an IPC channel, under this process's death. `output` gets all that it prints. Rejects when there
 * is no process; a binary that cannot be run ends as an exit (126, 127) of setpriv.
 */
export async function startChild(o: {
  command: string;
  args: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  under: UnderParent;
  output: (text: Buffer) => void;
}): Promise<Child> {
  const { command, args } = o.under(o.command, o.args);
  const child = spawn(command, args, { cwd: o.cwd, env: o.env, stdio: STDIO });
  const { pid } = child;
  if (pid === undefined) {
    throw await new Promise<Error>((resolve) => child.once('error', resolve));
  }
  // Also a message to a child that is going away ends here; its exit says the rest.
  child.on('error', () => undefined);
  let stderr = EMPTY_TAIL;
  let stdout = EMPTY_TAIL;
  child.stdout?.on('data', (text: Buffer) => {
    stdout = withTail(stdout, text);
    o.output(text);
  });
  child.stderr?.on('data', (text: Buffer) => {
    stderr = withTail(stderr, text);
    o.output(text);
  });
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once('exit', (code, signal) => {
      const tell = () => {
        clearTimeout(timer);
        const last = tailLines(stderr);
        // SRS logs to stdout when its log tank is the console.
        resolve({ code, signal, stderr: last.length > 0 ? last : tailLines(stdout) });
      };
      const timer = setTimeout(tell, LAST_WORDS_MS);
      child.once('close', tell);
    });
  });
  return {
    pid,
    process: child,
    onMessage: (handler) => {
      child.on('message', (message) => handler(message));
    },
    onExit: (handler) => {
      void exited.then(handler);
    },
    signal: (name) => {
      child.kill(name);
    },
  };
}

/** Of a flood only the end is made to text: the rest of it would cost the pod's loop more than reading it. */
function withTail(tail: LogTail, text: Buffer): LogTail {
  if (text.length <= TAIL_BYTES) return appendTail(tail, text.toString());
  return appendTail(EMPTY_TAIL, text.subarray(-TAIL_BYTES).toString());
}
