import type { ClientProtocol } from '@dolphin/protocol';
import type { AdmissionRefusal } from '../domain/admission.js';
import { normalAddress } from '../domain/client-address.js';
import { type FirstWords, readFirstWords, type Wanted } from '../domain/first-words.js';
import { type IpPrefix, isWithin, parseAddress } from '../domain/ip-prefix.js';
import type { LimitsDesk } from './limits-desk.js';
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
  readonly role?: 'http';
  readonly head?: Buffer;
  /** The limits let it in before it was read. */
  readonly isAdmitted?: boolean;
}

export interface ReceptionDeps {
  readonly reader: FirstBytesReader;
  readonly accept: (socket: ClientSocket, protocol: ClientProtocol, known: KnownOfClient) => void;
  /** Closes it, by HTTP with an answer, and counts it. */
  readonly refuse: (newcomer: Newcomer, refused: Refused) => void;
  /** As `refuse`, of whom the limits do not let in. */
  readonly turnAway: (newcomer: Newcomer, reason: AdmissionRefusal) => void;
  /** Asked before anything is read of a client whose address is known by then. */
  readonly limits: Pick<LimitsDesk, 'hold' | 'release'>;
  /** Peers whose PROXY header is read. */
  readonly fronts: readonly IpPrefix[];
  readonly httpByStream: boolean;
  /** Whether requests for HLS go to an edge of their own, now; if not, no head is read for that. */
  readonly hasHttpEdge: () => boolean;
  readonly vhosts: ReadonlySet<string>;
}

export interface Newcomer {
  readonly socket: ClientSocket;
  readonly protocol: ClientProtocol;
  /** Its peer's: its own, or that of a front. */
  readonly address: string;
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
    const { httpByStream, hasHttpEdge, vhosts, limits } = this.#deps;
    const proxyHeader = this.#isFront(socket);
    const stream = protocol === 'http' && (httpByStream || hasHttpEdge());
    if (!proxyHeader && !stream) {
      this.#deps.accept(socket, protocol, {});
      return;
    }
    const newcomer = { socket, protocol, address: normalAddress(socket.remoteAddress) };
    const wanted = { proxyHeader, stream, vhosts };
    if (proxyHeader) {
      // Whose client it is stands in its header.
      this.#read(newcomer, wanted, {});
      return;
    }
    const refusal = limits.hold(newcomer.address);
    if (refusal === null) this.#read(newcomer, wanted, { address: newcomer.address, isAdmitted: true });
    else this.#deps.turnAway(newcomer, refusal);
  }

  #isFront(socket: ClientSocket): boolean {
    const { fronts } = this.#deps;
    const address = fronts.length === 0 ? null : parseAddress(socket.remoteAddress ?? '');
    return address !== null && fronts.some((front) => isWithin(address, front));
  }

  #read(newcomer: Newcomer, wanted: Wanted, known: KnownOfClient): void {
    if (this.#reading.size >= MAX_READING) this.#giveUpOldest();
    const { socket, protocol } = newcomer;
    const judge = (bytes: Buffer) => {
      const words = readFirstWords(bytes, wanted);
      return words.type === 'more' ? null : words;
    };
    const leave = () => {
      this.#reading.delete(socket);
      if (known.isAdmitted === true) this.#deps.limits.release(newcomer.address);
    };
    const cancel = this.#deps.reader.read(socket, { judge, withinMs: FIRST_WORDS_MS }, (outcome) => {
      leave();
      if (outcome === 'left') return;
      if (outcome === 'late') {
        const why = `not all that must come first came within ${FIRST_WORDS_MS} ms`;
        this.#deps.refuse(newcomer, { reason: 'first-words-late', status: 408, why });
      } else if (outcome.type === 'refused') {
        this.#deps.refuse(newcomer, outcome);
      } else {
        const { address, stream, isHls, head } = outcome;
        const isBalancedByIt = this.#deps.httpByStream && !isHls;
        this.#deps.accept(socket, protocol, {
          ...known,
          head,
          ...(address === null ? {} : { address }),
          ...(stream !== null && isBalancedByIt && { stream }),
          // The last one may have gone meanwhile: then nobody has HLS, and stream edges say so.
          ...(isHls && this.#deps.hasHttpEdge() && { role: 'http' as const }),
        });
      }
    });
    this.#reading.set(socket, () => {
      cancel();
      leave();
      const why = 'others came, and this one was the slowest';
      this.#deps.refuse(newcomer, { reason: 'too-many-reading', status: 503, why });
    });
  }

  #giveUpOldest(): void {
    const [oldest] = this.#reading.values();
    oldest?.();
  }
}
