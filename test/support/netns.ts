import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { TestScope } from './cleanup.js';
import { eventually } from './eventually.js';
import { run, startProcess, type TestProcess } from './processes.js';

/**
 * Machines for tests: each is a namespace of networks, processes and mounts, on one bridge. They have no names: a machine is
 * a process that waits, started under a parent-death SIGKILL. With it the kernel takes away all that runs there and all its
 * links, so that a test which is killed leaves nothing behind either.
 */
const MACHINE = [
  ...['--pdeathsig', 'KILL', '--', 'unshare', '--net', '--pid', '--mount-proc', '--fork', '--kill-child=KILL'],
  ...['--', 'sleep', 'infinity'],
];

export interface Machine {
  /** Its address on the bridge. */
  readonly address: string;
  /** Starts a process there. Killing what is returned kills the way in, not the process: `end` does that. */
  start(command: string, args: readonly string[]): TestProcess;
  /** Takes its link away, on the bridge's side, or gives it back. */
  link(is: 'up' | 'down'): Promise<void>;
  /** The machine is gone, with all that runs on it. */
  end(): Promise<void>;
}

export interface TestNet {
  /** The address of this test's own machine on the bridge. */
  readonly address: string;
  machine(): Promise<Machine>;
}

/** Why there can be no machines here, as the reason of a skip; false: there can. */
export function noMachines(): string | false {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  for (const tool of ['ip', 'unshare', 'nsenter', 'setpriv']) {
    if (spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0) return `network namespaces need ${tool}`;
  }
  const tried = spawnSync('unshare', [
    '--net',
    '--pid',
    '--mount-proc',
    '--fork',
    'ip',
    'link',
    'add',
    'br0',
    'type',
    'bridge',
  ]);
  return tried.status === 0 ? false : `no network namespaces here: ${tried.stderr.toString().trim()}`;
}

/** A bridge with this test on it. */
export async function startNet(t: TestScope): Promise<TestNet> {
  const subnet = await freeSubnet(t);
  const wire = await startMachine(t);
  await inside(t, wire, 'ip', ['link', 'add', 'br0', 'type', 'bridge']);
  await inside(t, wire, 'ip', ['link', 'set', 'br0', 'up']);
  const own = `dol${process.pid}`;
  await plug(t, wire, { name: 'test', address: `${subnet}.1`, end: own, pid: null });
  let machines = 0;
  return {
    address: `${subnet}.1`,
    machine: async () => {
      const number = ++machines;
      const address = `${subnet}.${10 + number}`;
      const name = `m${number}`;
      const pid = await startMachine(t);
      await inside(t, pid, 'ip', ['link', 'set', 'lo', 'up']);
      await plug(t, wire, { name, address, end: 'eth0', pid });
      return {
        address,
        start: (command, args) => startProcess(t, 'nsenter', [...into(pid), command, ...args]),
        link: (is) => inside(t, wire, 'ip', ['link', 'set', name, is]),
        end: async () => {
          process.kill(pid, 'SIGKILL');
          await eventually(() => spawnSync('kill', ['-0', String(pid)]).status !== 0, { what: 'the machine is gone' });
        },
      };
    },
  };
}

/** Gives the pid of its first process, as seen from here. */
async function startMachine(t: TestScope): Promise<number> {
  const { pid } = startProcess(t, 'setpriv', MACHINE);
  return eventually(
    () => {
      const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
      // Until then the child is a copy of unshare, in the mounts of this machine.
      const isThere = child && readFileSync(`/proc/${child}/comm`, 'utf8') === 'sleep\n';
      return isThere ? Number(child) : null;
    },
    { what: 'a machine is there' },
  );
}

/** A cable from the bridge to an end in a machine, or here (`pid` null), with an address. */
async function plug(
  t: TestScope,
  wire: number,
  o: { name: string; address: string; end: string; pid: number | null },
): Promise<void> {
  const there = (args: string[]) => (o.pid === null ? must(t, 'ip', args) : inside(t, o.pid, 'ip', args));
  await there(['link', 'add', o.end, 'type', 'veth', 'peer', 'name', o.name, 'netns', String(wire)]);
  await inside(t, wire, 'ip', ['link', 'set', o.name, 'master', 'br0', 'up']);
  await there(['address', 'add', `${o.address}/24`, 'dev', o.end]);
  await there(['link', 'set', o.end, 'up']);
}

const into = (pid: number) => ['--target', String(pid), '--net', '--pid', '--mount', '--'];
/** Its network alone: who sets up cables has to know the pids of other machines. */
const intoNet = (pid: number) => ['--target', String(pid), '--net', '--'];

function inside(t: TestScope, pid: number, command: string, args: readonly string[]): Promise<void> {
  return must(t, 'nsenter', [...intoNet(pid), command, ...args]);
}

async function must(t: TestScope, command: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await run(t, command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}

/** Three numbers of a /24 that this machine has no route to but the default one. */
async function freeSubnet(t: TestScope): Promise<string> {
  const { stdout } = await run(t, 'ip', ['-4', 'route', 'show', 'table', 'all']);
  for (;;) {
    const subnet = `10.${200 + Math.floor(Math.random() * 55)}.${Math.floor(Math.random() * 255)}`;
    if (!stdout.includes(`${subnet}.`)) return subnet;
  }
}
