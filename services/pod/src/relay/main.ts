import { Socket } from 'node:net';
import { type LeftClient, PodToRelayMessage, type RelayMessage, type RelayTake } from '@dolphin/protocol';
import { keepTitle } from '../process/title.js';
import { Acceptor } from './acceptor.js';
import { NewsDesk } from './news-desk.js';
import { DEFAULT_RELAY_LIMITS } from './relay-limits.js';
import { type RelayedClient, RelaySession, type Whereto } from './relay-session.js';

/** A relay process: accepts clients or gets their sockets from its pod, carries their bytes to and from edges, ends with its pod. */
// No `onTermination`: the runtime library would add 20 MB to each relay.
process.on('disconnect', () => process.exit(0));
// A pod that went while this was loaded is told of no more.
if (!process.connected) process.exit(0);
process.on('SIGTERM', () => process.exit(0));
// Ctrl-C goes to the whole group; the pod says when.
process.on('SIGINT', () => undefined);

const BEAT_MS = 1000;
const sessions = new Map<number, RelaySession>();
const sentBytes = new Map<string, number>();

const say = (message: RelayMessage) => {
  // A pod that is gone is told of by `disconnect`.
  process.send?.(message, undefined, undefined, () => undefined);
};

const count = (session: RelaySession) => {
  const sent = session.takeSentBytes();
  if (sent !== null) sentBytes.set(sent.edge, (sentBytes.get(sent.edge) ?? 0) + sent.bytes);
};

const news = new NewsDesk(say);
/** Null: the pod accepts. */
let acceptor: Acceptor | null = null;

const onLeft = (client: LeftClient) => {
  const session = sessions.get(client.id);
  if (session !== undefined) count(session);
  sessions.delete(client.id);
  news.left(client);
};

const begin = (who: RelayedClient, socket: Socket, whereto: Whereto | Promise<Whereto>) => {
  const session: RelaySession = new RelaySession(who, socket, DEFAULT_RELAY_LIMITS, {
    onRouted: (id, edge) => {
      news.routed(id, edge);
      if (session.stream !== null) news.plays(id, session.stream);
    },
    onConnectFailed: (id, edge, code) => say({ type: 'connect-failed', id, edge, code }),
    onLeft,
  });
  sessions.set(who.id, session);
  session.run(whereto).catch(() => undefined);
};

const onTake = ({ id, protocol, address, head, targets }: RelayTake, handle: unknown) => {
  say({ type: 'took', id });
  // A connection that broke on the way arrives without a socket.
  if (!(handle instanceof Socket)) {
    onLeft({ id, end: 'client-left', sentBytes: 0, receivedBytes: 0 });
    return;
  }
  // What the pod read is read again here, first.
  if (head !== undefined) handle.unshift(Buffer.from(head, 'base64'));
  begin({ id, protocol, address }, handle, { targets });
};

process.on('message', (raw, handle) => {
  const parsed = PodToRelayMessage.safeParse(raw);
  if (!parsed.success) {
    if (handle instanceof Socket) handle.destroy();
    return;
  }
  const asked = parsed.data;
  switch (asked.type) {
    case 'take':
      onTake(asked, handle);
      return;
    case 'open':
      acceptor = new Acceptor(asked, {
        news,
        begin,
        onListening: (port) => say({ type: 'listening', port }),
        onListenFailed: (port, code) => say({ type: 'listen-failed', port, code }),
      });
      return;
    case 'listen':
      acceptor?.listen(asked.protocol, asked.port, handle);
      return;
    case 'unlisten':
      acceptor?.unlisten();
      return;
    case 'answers':
      for (const answer of asked.clients) acceptor?.onAnswer(answer);
      return;
    case 'close':
      for (const id of asked.ids) sessions.get(id)?.close(asked.why);
      return;
    case 'count': {
      const clients = asked.ids.flatMap((id) => sessions.get(id)?.bytes ?? []);
      say({ type: 'counts', ask: asked.ask, clients });
      return;
    }
    default:
      asked satisfies never;
  }
});

setInterval(() => {
  for (const session of sessions.values()) count(session);
  say({ type: 'beat', reading: acceptor?.reading ?? 0, sentBytes: Object.fromEntries(sentBytes) });
}, BEAT_MS);

keepTitle(() => `dolphin-relay: ${sessions.size} clients`);
say({ type: 'hello' });
