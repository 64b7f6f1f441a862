import { connect, type Socket } from 'node:net';
import { onCleanup, type TestScope } from './cleanup.js';
import { eventually } from './eventually.js';

export interface RawMessage {
  readonly subject: string;
  readonly reply: string | null;
  readonly payload: Buffer;
}

const CRLF = '\r\n';

/** NATS's own protocol on a TCP socket, by hand: what is really on the wire, without a client library. */
export class RawNats {
  readonly messages: RawMessage[] = [];
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);
  #pongs = 0;
  #pings = 0;
  /** What the server said against it. */
  readonly errors: string[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.errors.push(error.message));
  }

  static async connect(t: TestScope, url: string): Promise<RawNats> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    onCleanup(t, () => socket.destroy());
    const nats = new RawNats(socket);
    nats.send(`CONNECT {"verbose":false,"pedantic":true,"lang":"hand","version":"1"}${CRLF}`);
    await nats.flushed();
    return nats;
  }

  /** Bytes as they are. */
  send(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  async subscribe(subject: string): Promise<void> {
    this.send(`SUB ${subject} 1${CRLF}`);
    await this.flushed();
  }

  publish(subject: string, payload: string | Uint8Array, reply = ''): void {
    const bytes = Buffer.from(payload);
    this.send(`PUB ${subject} ${reply === '' ? '' : `${reply} `}${bytes.length}${CRLF}`);
    this.send(bytes);
    this.send(CRLF);
  }

  /** The server has read all that was sent. */
  async flushed(): Promise<void> {
    const wanted = ++this.#pings;
    this.send(`PING${CRLF}`);
    await eventually(() => this.#pongs >= wanted, { what: 'NATS answers' });
  }

  #take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const end = this.#rest.indexOf(CRLF);
      if (end === -1) return;
      const line = this.#rest.subarray(0, end).toString();
      const [verb, subject = '', , ...more] = line.split(' ');
      const from = end + CRLF.length;
      const bytes = verb === 'MSG' ? Number(more.at(-1)) + CRLF.length : 0;
      if (this.#rest.length < from + bytes) return;
      if (verb === 'MSG') {
        const payload = Buffer.from(this.#rest.subarray(from, from + bytes - CRLF.length));
        this.messages.push({ subject, reply: more.length > 1 ? (more[0] ?? null) : null, payload });
      }
      if (verb === 'PING') this.send(`PONG${CRLF}`);
      if (verb === 'PONG') this.#pongs++;
      if (verb === '-ERR') this.errors.push(line);
      this.#rest = this.#rest.subarray(from + bytes);
    }
  }
}
