import { connect } from 'nats';
import type { TestScope } from './cleanup.js';
import { eventually } from './eventually.js';
import { freePort } from './ports.js';
import { startProcess, type TestProcess } from './processes.js';
import { tempDir } from './temp-dir.js';

export interface TestNats {
  readonly url: string;
  readonly port: number;
  readonly storeDir: string;
  /** Stops it with SIGKILL, as a crash would; its data stays. */
  crash(): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  process(): TestProcess;
}

/** A real nats-server with JetStream on a port and a directory of its own. `NATS_SERVER_BIN` names another one. */
export async function startNats(t: TestScope, options: { port?: number; address?: string } = {}): Promise<TestNats> {
  const port = options.port ?? (await freePort());
  const storeDir = await tempDir(t);
  const binary = process.env['NATS_SERVER_BIN'] ?? 'nats-server';
  const address = options.address ?? '127.0.0.1';
  const url = `nats://${address}:${port}`;
  let server: TestProcess;
  const start = async () => {
    server = startProcess(t, binary, ['-a', address, '-p', String(port), '-js', '-sd', storeDir]);
    const started = server;
    await eventually(
      async () => {
        if (started.child.exitCode !== null) throw new Error(started.output());
        const connection = await connect({ servers: url, reconnect: false, timeout: 500 });
        await connection.close();
        return true;
      },
      { what: `nats-server answers on port ${port}` },
    );
  };
  await start();
  return {
    url,
    port,
    storeDir,
    process: () => server,
    crash: async () => {
      await server.stop('SIGKILL');
    },
    restart: start,
  };
}
