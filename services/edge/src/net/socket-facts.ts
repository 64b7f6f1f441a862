import type { Socket } from 'node:net';

/** `::ffff:127.0.0.1` is 127.0.0.1: a dual-stack listener says so of IPv4 clients. */
export function addressOf(socket: Pick<Socket, 'remoteAddress'>): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:/i, '');
}

/**
 * Peers on this host may tell another address: they are our pod's relay, not players of the world. Whoever connects from
 * the very address that it connects to is on this host as well: so a relay does that of a host with a private address.
 */
export function isOfThisHost(socket: Pick<Socket, 'remoteAddress' | 'localAddress'>): boolean {
  const address = addressOf(socket);
  return /^127\.\d+\.\d+\.\d+$/.test(address) || address === '::1' || isOwn(address, socket.localAddress);
}

function isOwn(address: string, local: string | undefined): boolean {
  return address !== '' && address === (local ?? '').replace(/^::ffff:/i, '');
}

/** What Node keeps of a socket and shows nowhere: any of it may be missing in another Node. */
interface SocketHandle {
  readonly writeQueueSize?: unknown;
  readonly fd?: unknown;
  useUserBuffer?(buffer: Buffer): void;
}

/** Null once the socket is closed. */
export function handleOf(socket: Socket): SocketHandle | null {
  return (socket as unknown as { _handle?: SocketHandle | null })._handle ?? null;
}

/**
 * Bytes of the outstanding write that the kernel has not taken. libuv counts them; Node shows them nowhere public but
 * in its own time-out code. Without them a write counts as making no progress until it ends.
 */
export function pendingWriteBytes(socket: Socket): number {
  const size = handleOf(socket)?.writeQueueSize;
  return typeof size === 'number' && size > 0 ? size : socket.writableLength;
}

/** Its number to the system; null where Node does not tell, or it is closed. */
export function descriptorOf(socket: Socket): number | null {
  const fd = handleOf(socket)?.fd;
  return typeof fd === 'number' && fd >= 0 ? fd : null;
}
