import { readdir, readFile, readlink } from 'node:fs/promises';

/** A socket of /proc/net/tcp or tcp6 that has a port. */
export interface PortHolder {
  readonly listening: boolean;
  /** 0 for a socket that no process has any more. */
  readonly inode: number;
  /** As the kernel writes it: hex, in host byte order. */
  readonly localAddress: string;
}

const LISTEN = '0A';
const TIME_WAIT = '06';

/** Holders of a local port in the text of /proc/net/tcp{,6} (proc(5)); TIME_WAIT does not keep anybody from binding. */
export function parsePortHolders(port: number, table: string): PortHolder[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const holders: PortHolder[] = [];
  for (const line of table.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [address, hexPort] = (fields[1] ?? '').split(':');
    const state = fields[3];
    if (address === undefined || hexPort !== wanted || state === TIME_WAIT) continue;
    holders.push({ listening: state === LISTEN, inode: Number(fields[9] ?? 0), localAddress: address });
  }
  return holders;
}

/** The same, of this machine as it is now. Never rejects. */
export async function readPortHolders(port: number): Promise<PortHolder[]> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'utf8').catch(() => '')),
  );
  return tables.flatMap((table) => parsePortHolders(port, table));
}

/** Who has a local TCP port, in words: `srs (pid 123)`; only root sees the processes of others. Never rejects. */
export async function describePortHolder(port: number): Promise<string> {
  const holders = await readPortHolders(port);
  const holder = holders.find((one) => one.listening) ?? holders[0];
  if (holder === undefined || holder.inode === 0) return 'an unknown process';
  const link = `socket:[${holder.inode}]`;
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const fd of fds) {
      if ((await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')) !== link) continue;
      return `${await nameOf(pid)} (pid ${pid})`;
    }
  }
  return 'a process of another user';
}

/** Its command line, or the title that it set: `node` alone would tell nobody which of many. */
async function nameOf(pid: string): Promise<string> {
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0').filter(Boolean);
  return words.length > 0 ? words.join(' ').slice(0, 120) : 'a process';
}
