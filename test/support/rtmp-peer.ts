import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  type AmfObject,
  type AmfValue,
  ChunkReader,
  decodeAmf0,
  encodeAmf0,
  encodeMessage,
  isAmfObject,
  MessageType,
  type RtmpMessage,
} from '@dolphin/media';
import { onCleanup, type TestScope } from './cleanup.js';
import { eventually } from './eventually.js';

/** A message of the server; those of values (commands, data) are decoded. */
export interface Received {
  readonly typeId: number;
  readonly timestamp: number;
  readonly streamId: number;
  readonly payload: Buffer;
  readonly values: readonly AmfValue[];
}

/** SRS hands AMF3 data on as it is, which is AMF0 nevertheless. */
const VALUE_TYPES: readonly number[] = [MessageType.commandAmf0, MessageType.dataAmf0, MessageType.dataAmf3];
const HANDSHAKE_BYTES = 1 + 2 * 1536;

/** An RTMP client that writes exactly what a test tells it, and keeps all that it is told. */
export class RtmpPeer {
  readonly received: Received[] = [];
  readonly #socket: Socket;
  readonly #reader = new ChunkReader();
  #next = 0;
  /** For what it writes; a set chunk size that it sends does not change it by itself. */
  chunkSize = 128;
  closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('close', () => {
      this.closed = true;
    });
    socket.on('error', () => undefined);
  }

  /** Connects and shakes hands, simply unless `c1` says otherwise; `c2` makes what is sent last. */
  static async open(
    t: TestScope,
    port: number,
    o: { c1?: Buffer; c2?: (answer: Buffer) => Buffer } = {},
  ): Promise<{ peer: RtmpPeer; handshake: Buffer }> {
    const socket = connect(port, '127.0.0.1');
    onCleanup(t, () => socket.destroy());
    const peer = new RtmpPeer(socket);
    await once(socket, 'connect');
    let answer = Buffer.alloc(0);
    const shaken = new Promise<void>((resolve) => {
      socket.on('data', (data: Buffer) => {
        if (answer.length < HANDSHAKE_BYTES) {
          answer = Buffer.concat([answer, data]);
          if (answer.length < HANDSHAKE_BYTES) return;
          resolve();
          peer.#take(answer.subarray(HANDSHAKE_BYTES));
        } else {
          peer.#take(data);
        }
      });
    });
    const c1 = o.c1 ?? Buffer.alloc(1536);
    peer.raw(Buffer.concat([Buffer.from([3]), c1]));
    await Promise.race([shaken, once(socket, 'close')]);
    const handshake = answer.subarray(0, HANDSHAKE_BYTES);
    if (handshake.length === HANDSHAKE_BYTES) peer.raw(o.c2?.(handshake) ?? handshake.subarray(1, 1537));
    return { peer, handshake };
  }

  /** Connected to an app, and told so. */
  static async connected(t: TestScope, port: number, tcUrl: string, object: AmfObject = {}): Promise<RtmpPeer> {
    const { peer } = await RtmpPeer.open(t, port);
    peer.command('connect', 1, { app: 'live', tcUrl, ...object });
    await peer.result(1);
    return peer;
  }

  raw(bytes: Buffer): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  send(m: RtmpMessage, chunkStreamId = 3): void {
    this.raw(encodeMessage(m, chunkStreamId, this.chunkSize));
  }

  /** A command on message stream 0. */
  command(name: string, transaction: number, ...values: AmfValue[]): void {
    this.send(commandOf(MessageType.commandAmf0, 0, name, transaction, ...values));
  }

  /** A command on message stream 1. */
  onStream(name: string, transaction: number, ...values: AmfValue[]): void {
    this.send(commandOf(MessageType.commandAmf0, 1, name, transaction, ...values));
  }

  /** The next message that `is` so, of those that no earlier wait has passed. */
  async next(what: string, is: (m: Received) => boolean): Promise<Received> {
    return await eventually(
      () => {
        const at = this.received.findIndex((m, i) => i >= this.#next && is(m));
        if (at < 0) {
          const seen = this.received.slice(this.#next).map(({ typeId, values }) => values[0] ?? typeId);
          throw new Error(`${this.closed ? 'closed; ' : ''}since the last wait: ${seen.join(', ')}`);
        }
        this.#next = at + 1;
        return this.received[at] as Received;
      },
      { what },
    );
  }

  async result(transaction: number): Promise<Received> {
    return await this.next(
      `the result of ${transaction}`,
      ({ values }) => values[0] === '_result' && values[1] === transaction,
    );
  }

  /** An onStatus (or onFCPublish…) with that code. */
  async status(code: string): Promise<Received> {
    return await this.next(code, ({ values }) => values.some((value) => isAmfObject(value) && value['code'] === code));
  }

  media(typeId: number): Received[] {
    return this.received.filter((m) => m.typeId === typeId);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #take(data: Buffer): void {
    for (const m of this.#reader.push(data)) {
      const hasValues = VALUE_TYPES.includes(m.typeId);
      this.received.push({ ...m, values: hasValues ? decodeAmf0(m.payload) : [] });
    }
  }
}

/** `typeId` 17 gets the format byte that AMF3 commands have in front. */
export function commandOf(
  typeId: number,
  streamId: number,
  name: string,
  transaction: number,
  ...values: AmfValue[]
): RtmpMessage {
  const payload = encodeAmf0(name, transaction, ...values);
  const wrapped = typeId === MessageType.commandAmf3 ? Buffer.concat([Buffer.from([0]), payload]) : payload;
  return { typeId, timestamp: 0, streamId, payload: wrapped };
}
