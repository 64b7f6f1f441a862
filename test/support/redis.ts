import { Redis } from 'ioredis';
import type { TestScope } from './cleanup.js';
import { eventually } from './eventually.js';
import { freePort } from './ports.js';
import { startProcess, type TestProcess } from './processes.js';
import { tempDir } from './temp-dir.js';

export interface TestRedis {
  readonly url: string;
  readonly port: number;
  crash(): Promise<void>;
  restart(): Promise<void>;
  process(): TestProcess;
}

/** A real redis-server on a port and a directory of its own. */
export async function startRedis(t: TestScope): Promise<TestRedis> {
  const port = await freePort();
  const dir = await tempDir(t);
  const url = `redis://127.0.0.1:${port}`;
  let server: TestProcess;
  const start = async () => {
    server = startProcess(t, 'redis-server', ['--bind', '127.0.0.1', '--port', String(port), '--dir', dir]);
    const client = new Redis(url, { lazyConnect: true, retryStrategy: () => 50, maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    try {
      await eventually(
        async () => {
          if (client.status === 'wait') await client.connect();
          return (await client.ping()) === 'PONG';
        },
        { what: `redis-server answers on port ${port}` },
      );
    } finally {
      client.disconnect();
    }
  };
  await start();
  return {
    url,
    port,
    process: () => server,
    crash: async () => {
      await server.stop('SIGKILL');
    },
    restart: start,
  };
}
