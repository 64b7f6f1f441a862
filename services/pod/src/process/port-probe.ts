import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { holdersOf, judgePort, type PortHolder } from '../domain/port-holder.js';

export type PortVerdict =
  | { readonly state: 'free' }
  | { readonly state: 'passing' | 'taken'; readonly port: number; readonly holder: string };

/**
 * Is a port free for an edge on 127.0.0.1? SRS sets SO_REUSEPORT and would silently share it with another SRS, so it
 * is tried by a bind without that, on each address that a listener could stand on. Never rejects.
 */
export async function probePort(port: number): Promise<PortVerdict> {
  const [loopback, any4, any6] = await Promise.all([
    canListen(port, '127.0.0.1'),
    canListen(port, '0.0.0.0'),
    canListen(port, '::'),
  ]);
  if (loopback && any4 && any6) return { state: 'free' };
  const holders = await readHolders(port);
  const state = judgePort({ loopbackFree: loopback, holders });
  if (state === 'free') return { state };
  return { state, port, holder: await holderOf(port) };
}

/** Who has a port, in words. */
export async function holderOf(port: number): Promise<string> {
  const holders = await readHolders(port);
  return nameOf(holders.find((one) => one.listening) ?? holders[0]);
}

/** Three binds at once would meet each other: on one port only one of 127.0.0.1 and 0.0.0.0 can listen. */
let lastProbe: Promise<unknown> = Promise.resolve();

function canListen(port: number, host: string): Promise<boolean> {
  const probe = lastProbe.then(
    () =>
      new Promise<boolean>((resolve) => {
        const server = createServer();
        server.once('error', (error: NodeJS.ErrnoException) => {
          // No IPv6 here: nobody can be in the way there.
          resolve(error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT');
        });
        server.listen({ port, host, ipv6Only: host === '::' }, () => {
          server.close(() => resolve(true));
        });
      }),
  );
  lastProbe = probe;
  return probe;
}

async function readHolders(port: number): Promise<PortHolder[]> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'utf8').catch(() => '')),
  );
  return tables.flatMap((table) => holdersOf(port, table));
}

/** `srs (pid 123)`; only root sees the files of others' processes. */
async function nameOf(holder: PortHolder | undefined): Promise<string> {
  if (holder === undefined || holder.inode === 0) return 'an unknown process';
  const link = `socket:[${holder.inode}]`;
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const fd of fds) {
      if ((await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')) !== link) continue;
      const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '?')).trim();
      return `${name} (pid ${pid})`;
    }
  }
  return 'a process of another user';
}
