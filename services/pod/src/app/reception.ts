import type { ClientProtocol } from '@dolphin/protocol';
import { type FirstWords, readFirstWords, type Wanted } from '../domain/first-words.js';
import { type IpPrefix, isWithin, parseAddress } from '../domain/ip-prefix.js';
import type { ClientSocket, FirstBytesReader } from './ports.js';

/** For all that the pod reads of a client: players and fronts say it at once. */
export const FIRST_WORDS_MS = 5000;
/**
 * Clients that are being read: a full backlog. Of more, the one that has been read for longest is refused: it is the
 * slowest, and who sends a byte now and then must not keep the others out.
 */
export const MAX_READING = 4096;

/** What is known of a client when it comes to the router. */
export interface KnownOfClient {
  readonly address?: string;
  readonly stream?: string;
  readonly head?: Buffer;
}

export interface ReceptionDeps {
  readonly reader: FirstBytesReader;
  readonly accept: (socket: ClientSocket, protocol: ClientProtocol, known: KnownOfClient) => void;
  /** Closes it, by HTTP with an answer, and counts it. */
  readonly refuse: (socket: ClientSocket, protocol: ClientProtocol, refused: Refused) => void;
  /** Peers whose PROXY header is read. */
  readonly fronts: readonly IpPrefix[];
  readonly httpByStream: boolean;
  readonly vhosts: ReadonlySet<string>;
}

export interface Refused {
  readonly reason: Extract<FirstWords, { type: 'refused' }>['reason'] | 'first-words-late' | 'too-many-reading';
  readonly status: number;
  readonly why: string;
}

/** Reads of accepted clients what has to be known before they are routed; of most of them nothing. */
export class Reception {
  readonly #deps: ReceptionDeps;
  /** In the order in which they came; called to give one up. */
  readonly #reading = new Map<ClientSocket, () => void>();

  constructor(deps: ReceptionDeps) {
    this.#deps = deps;
  }

  get reading(): number {
    return this.#reading.size;
  }

  onClient(socket: ClientSocket, protocol: ClientProtocol): void {
    const { httpByStream, vhosts } = this.#deps;
    const proxyHeader = this.#isFront(socket);
    const stream = httpByStream && protocol === 'http';
    if (!proxyHeader && !stream) this.#deps.accept(socket, protocol, {});
    else this.#read(socket, protocol, { proxyHeader, stream, vhosts });
  }

  #isFront(socket: ClientSocket): boolean {
    const { fronts } = this.#deps;
    const address = fronts.length === 0 ? null : parseAddress(socket.remoteAddress ?? '');
    return address !== null && fronts.some((front) => isWithin(address, front));
  }

  #read(socket: ClientSocket, protocol: ClientProtocol, wanted: Wanted): void {
    if (this.#reading.size >= MAX_READING) this.#giveUpOldest();
    const judge = (bytes: Buffer) => {
      const words = readFirstWords(bytes, wanted);
      return words.type === 'more' ? null : words;
    };
    const cancel = this.#deps.reader.read(socket, { judge, withinMs: FIRST_WORDS_MS }, (outcome) => {
      this.#reading.delete(socket);
      if (outcome === 'left') return;
      if (outcome === 'late') {
        const why = `not all that must come first came within ${FIRST_WORDS_MS} ms`;
        this.#deps.refuse(socket, protocol, { reason: 'first-words-late', status: 408, why });
      } else if (outcome.type === 'refused') {
        this.#deps.refuse(socket, protocol, outcome);
      } else {
        const { address, stream, head } = outcome;
        this.#deps.accept(socket, protocol, {
          head,
          ...(address === null ? {} : { address }),
          ...(stream === null ? {} : { stream }),
        });
      }
    });
    this.#reading.set(socket, () => {
      cancel();
      this.#reading.delete(socket);
      const why = 'others came, and this one was the slowest';
      this.#deps.refuse(socket, protocol, { reason: 'too-many-reading', status: 503, why });
    });
  }

  #giveUpOldest(): void {
    const [oldest] = this.#reading.values();
    oldest?.();
  }
}
