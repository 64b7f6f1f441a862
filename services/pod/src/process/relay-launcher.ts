import { spawn } from 'node:child_process';
import type { Server } from 'node:net';
import type { Log, ProcessExit } from '../app/ports.js';
import type { RelayLauncher } from '../app/relay-line.js';
import { childTaker } from './child-taker.js';
import type { UnderParent } from './parent-death.js';
import type { BoundPort } from './shared-port.js';

/** Starts `relay/main.js` with this Node; what it prints goes to the pod's stderr. */
export function createRelayLauncher(o: { script: string; cwd: string; under: UnderParent; log: Log }): RelayLauncher {
  return {
    launch() {
      const { command, args } = o.under(process.execPath, [o.script]);
      const child = spawn(command, args, { cwd: o.cwd, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      const { pid } = child;
      child.on('error', (error) => o.log.error({ why: error.message }, 'a relay process cannot be started'));
      if (pid === undefined) return null;
      const exited = new Promise<ProcessExit>((resolve) => {
        child.once('exit', (code, signal) => resolve({ code, signal, stderr: [] }));
      });
      return {
        ...childTaker(child),
        pid,
        share: (message, port) => {
          // Not in Node's types, but what its cluster module sends: a bound handle, of which the child gets a copy.
          child.send(message, (port as BoundPort).handle as Server, () => undefined);
        },
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
    },
  };
}
