import { createServer } from 'node:net';

/**
 * Takes a name that one process of the machine (of its network namespace) can have; the answer gives it back, null:
 * another has it. It is an abstract unix socket: the kernel takes it back when its process ends, however it ends, so that
 * no lock is ever stale.
 */
export async function lockName(name: string): Promise<(() => void) | null> {
  const server = createServer((socket) => socket.destroy());
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(`\0${name}`, resolve);
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return null;
  }
  server.on('error', () => undefined);
  server.unref();
  return () => void server.close();
}
