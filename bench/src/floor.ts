/**
 * The bare floor: what any server in Node must spend to get the bytes of a stream to its players. It writes one
 * buffer to every socket at a steady pace, and does nothing else. With --bytes 0 it only reads: what any server must
 * spend to get what publishers send.
 */
import { createServer, type Socket } from 'node:net';
import { parseFlags } from '@dolphin/runtime';

const { flags } = parseFlags(process.argv.slice(2), {
  port: { type: 'int', required: true },
  bytes: { type: 'int', required: true },
  'interval-ms': { type: 'int', required: true },
});

const piece = Buffer.alloc(flags.bytes, 0x55);
const sockets = new Set<Socket>();

const server = createServer((socket) => {
  sockets.add(socket);
  socket.on('error', () => undefined);
  socket.on('close', () => sockets.delete(socket));
  socket.resume();
});
server.listen({ port: flags.port, host: '127.0.0.1', backlog: 4096 });

const began = performance.now();
let round = 0;

function writeToAll(): void {
  for (const socket of sockets) {
    // One write outstanding, as in an edge: a player that does not read must not fill the memory.
    if (socket.writableLength === 0) socket.write(piece);
  }
  // By the clock, not from now on: what the writes took must not slow the pace.
  setTimeout(writeToAll, Math.max(0, began + ++round * flags['interval-ms'] - performance.now()));
}
if (flags.bytes > 0) writeToAll();
