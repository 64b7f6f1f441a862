import type { Socket } from 'node:net';

/** `::ffff:127.0.0.1` is 127.0.0.1: a dual-stack listener says so of IPv4 clients. */
export function addressOf(socket: Socket): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:/i, '');
}

/** Peers on this host may tell another address: they are our pod's relay, not players of the world. */
export function isLoopback(address: string): boolean {
  return /^127\.\d+\.\d+\.\d+$/.test(address) || address === '::1';
}

/**
 * Bytes of the outstanding write that the kernel has not taken. libuv counts them; Node shows them nowhere public but
 * in its own time-out code. Without them a write counts as making no progress until it ends.
 */
export function pendingWriteBytes(socket: Socket): number {
  const handle = (socket as unknown as { _handle?: { writeQueueSize?: unknown } | null })._handle;
  const size = handle?.writeQueueSize;
  return typeof size === 'number' && size > 0 ? size : socket.writableLength;
}
