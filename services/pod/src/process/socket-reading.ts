import type { Socket } from 'node:net';

interface Handle {
  reading: boolean;
  readStart(): void;
  readStop(): void;
}

/** `pause` alone stops the events, not the reading: up to 64 KiB would stay in this process when the socket goes. */
export function stopReading(socket: Socket): void {
  socket.pause();
  const handle = handleOf(socket);
  if (handle === null) return;
  handle.reading = false;
  handle.readStop();
}

/** Also after `stopReading`, of which the stream does not know: `resume` alone would wait for what nobody reads. */
export function startReading(socket: Socket): void {
  socket.resume();
  const handle = handleOf(socket);
  if (handle === null || handle.reading) return;
  handle.reading = true;
  handle.readStart();
}

function handleOf(socket: Socket): Handle | null {
  return (socket as unknown as { _handle: Handle | null })._handle;
}
