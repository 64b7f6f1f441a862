import {
  type AmfValue,
  ChunkReader,
  type ClientEvent,
  type ClientSessionOptions,
  decodeAmf0,
  encodeAmf0,
  encodeMessage,
  MessageType,
  parseRtmpUrl,
  RtmpClientSession,
  type RtmpMessage,
  RtmpServerSession,
  type ServerEvent,
  type ServerSessionOptions,
} from '@dolphin/media';
import { cut } from './media-arbitraries.js';

/** A client that writes what it likes, and what the server wrote back. */
export class RawClient {
  readonly server: RtmpServerSession;
  readonly #reader = new ChunkReader();
  #handshakeLeft = 1 + 2 * 1536;

  constructor(o: ServerSessionOptions = {}) {
    this.server = new RtmpServerSession(o);
    this.server.push(Buffer.concat([Buffer.from([3]), Buffer.alloc(1536 * 2)]));
  }

  send(...messages: RtmpMessage[]): ServerEvent[] {
    return this.server.push(Buffer.concat(messages.map((m) => encodeMessage(m, 3, 128))));
  }

  command(name: string, transaction: number, ...values: AmfValue[]): ServerEvent[] {
    return this.send(command(name, transaction, ...values));
  }

  connected(args?: AmfValue): this {
    this.command('connect', 1, { app: 'live', tcUrl: 'rtmp://h/live' }, args);
    this.server.acceptConnect();
    this.answers();
    return this;
  }

  /** What the server has written since the last look: command and data messages as values, others by type. */
  answers(): AmfValue[][] {
    const output = this.server.takeOutput() ?? Buffer.alloc(0);
    const skipped = Math.min(this.#handshakeLeft, output.length);
    this.#handshakeLeft -= skipped;
    return this.#reader.push(output.subarray(skipped)).map((m) => {
      const isValues = m.typeId === MessageType.commandAmf0 || m.typeId === MessageType.dataAmf0;
      return isValues ? decodeAmf0(m.payload) : [m.typeId, m.payload.toString('hex')];
    });
  }

  codes(): unknown[] {
    return this.answers().flatMap((values) => values.flatMap((value) => (isStatus(value) ? [value.code] : [])));
  }
}

function isStatus(value: AmfValue): value is { code: string } {
  return typeof value === 'object' && value !== null && 'code' in value;
}

export function command(name: string, transaction: number, ...values: AmfValue[]): RtmpMessage {
  return {
    typeId: MessageType.commandAmf0,
    timestamp: 0,
    streamId: 0,
    payload: encodeAmf0(name, transaction, ...values),
  };
}

/** Two sessions joined by a wire that cuts as it is told; the server says yes to everything. */
export function join(
  o: Omit<ClientSessionOptions, 'url'> & { url?: string },
  answer?: (server: RtmpServerSession, e: ServerEvent) => void,
) {
  const client = new RtmpClientSession({ ...o, url: parseRtmpUrl(o.url ?? 'rtmp://h/live/s?k=v') });
  const server = new RtmpServerSession({ chunkSize: 60_000 });
  const atServer: ServerEvent[] = [];
  const atClient: ClientEvent[] = [];
  const accept = (e: ServerEvent) => {
    if (answer) answer(server, e);
    else if (e.type === 'connect') server.acceptConnect();
    else if (e.type === 'play') server.acceptPlay();
    else if (e.type === 'publish') server.acceptPublish();
  };
  const exchange = (at: readonly number[] = []) => {
    for (;;) {
      const up = client.takeOutput();
      if (up !== null) {
        for (const piece of cut(up, at)) {
          for (const event of server.push(piece)) {
            atServer.push(event);
            accept(event);
          }
        }
      }
      const down = server.takeOutput();
      if (down !== null) for (const piece of cut(down, at)) atClient.push(...client.push(piece));
      if (up === null && down === null) return;
    }
  };
  client.start();
  exchange();
  return { client, server, atServer, atClient, exchange };
}

/** As a publisher sends it. */
export const metadata = {
  typeId: 18,
  timestamp: 0,
  streamId: 1,
  payload: encodeAmf0('@setDataFrame', 'onMetaData', { a: 1 }),
};
