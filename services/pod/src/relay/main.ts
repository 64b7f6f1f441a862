import { Socket } from 'node:net';
import { PodToRelayMessage, type RelayMessage } from '@dolphin/protocol';
import { DEFAULT_RELAY_LIMITS } from './relay-limits.js';
import { RelaySession } from './relay-session.js';

/** A relay process: gets sockets from its pod, carries their bytes to and from edges, ends with its pod. */
// Without a handler Node opens its debugger port on SIGUSR1. (The runtime library would add 20 MB to each relay.)
process.on('SIGUSR1', () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
// Ctrl-C goes to the whole group; the pod says when.
process.on('SIGINT', () => undefined);
process.title = 'dolphin-relay';

const BEAT_MS = 1000;
const sessions = new Map<number, RelaySession>();
const sentBytes = new Map<string, number>();
let left: number[] = [];

const say = (message: RelayMessage) => {
  // A pod that is gone is told of by `disconnect`.
  process.send?.(message, undefined, undefined, () => undefined);
};

const count = (session: RelaySession) => {
  const sent = session.takeSentBytes();
  if (sent !== null) sentBytes.set(sent.edge, (sentBytes.get(sent.edge) ?? 0) + sent.bytes);
};

const onLeft = (id: number) => {
  const session = sessions.get(id);
  if (session !== undefined) count(session);
  sessions.delete(id);
  // One message for all that leave in the same turn: an edge that dies ends thousands.
  if (left.length === 0) {
    setImmediate(() => {
      const ids = left;
      left = [];
      for (let from = 0; from < ids.length; from += 10_000) say({ type: 'left', ids: ids.slice(from, from + 10_000) });
    });
  }
  left.push(id);
};

process.on('message', (raw, handle) => {
  const parsed = PodToRelayMessage.safeParse(raw);
  if (!parsed.success) {
    if (handle instanceof Socket) handle.destroy();
    return;
  }
  const take = parsed.data;
  say({ type: 'took', id: take.id });
  // A connection that broke on the way arrives without a socket.
  if (!(handle instanceof Socket)) {
    onLeft(take.id);
    return;
  }
  // What the pod read is read again here, first.
  if (take.head !== undefined) handle.unshift(Buffer.from(take.head, 'base64'));
  const session = new RelaySession(take, handle, DEFAULT_RELAY_LIMITS, {
    onRouted: (id, edge) => say({ type: 'routed', id, edge }),
    onConnectFailed: (id, edge, code) => say({ type: 'connect-failed', id, edge, code }),
    onLeft,
  });
  sessions.set(take.id, session);
  session.run().catch(() => undefined);
});

setInterval(() => {
  for (const session of sessions.values()) count(session);
  say({ type: 'beat', sentBytes: Object.fromEntries(sentBytes) });
}, BEAT_MS);

say({ type: 'hello' });
