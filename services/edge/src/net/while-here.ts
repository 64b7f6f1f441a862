import type { Socket } from 'node:net';
import type { Question } from '../app/http-routes.js';

/** Settles with the answer to a question about the client of `socket`, and tells who asks it if the client leaves before. */
export function whileHere(socket: Socket, { answered, abandon }: Question): Promise<unknown> {
  socket.once('close', abandon);
  return answered.finally(() => socket.off('close', abandon));
}
