import { createServer, type Server, type Socket } from 'node:net';
import type { ClientProtocol, RelayAnswer, RelayOpen } from '@dolphin/protocol';
import { type KnownOfClient, Reception } from '../app/reception.js';
import { normalAddress } from '../domain/client-address.js';
import { firstBytesReader } from '../process/first-bytes.js';
import { BACKLOG, refuseClient, refuseWords } from '../process/public-listener.js';
import type { NewsDesk } from './news-desk.js';
import type { RelayedClient, Whereto } from './relay-session.js';

/** Longer than the pod lets any client wait (20 s): one that says nothing by then is not well. */
const ANSWER_WITHIN_MS = 25_000;
/** As many as the pod lets wait, and a backlog more: a pod that does not answer must not fill this process. */
const MAX_UNANSWERED = 8192;

export interface AcceptorDeps {
  readonly news: NewsDesk;
  /** A client is here; its fate follows. */
  begin(client: RelayedClient, socket: Socket, whereto: Promise<Whereto>): void;
  onListening(port: number): void;
  onListenFailed(port: number, code: string): void;
}

/** Accepts on the public ports beside the other relay processes, and asks the pod about each client. */
export class Acceptor {
  readonly #deps: AcceptorDeps;
  readonly #servers: Server[] = [];
  readonly #unanswered = new Map<number, (whereto: Whereto) => void>();
  readonly #reception: Reception;
  readonly #idStep: number;
  #nextId: number;

  constructor({ nextId, idStep, fronts }: RelayOpen, deps: AcceptorDeps) {
    this.#deps = deps;
    this.#nextId = nextId;
    this.#idStep = idStep;
    this.#reception = new Reception({
      reader: firstBytesReader,
      accept: (socket, protocol, known) => this.#accept(socket as Socket, protocol, known),
      refuse: ({ socket, protocol, address }, refused) => {
        deps.news.turnedAway(refused.reason, address);
        refuseWords(socket, protocol, refused);
      },
      // Only clients of fronts are read here, whose address is not known before: the pod is asked with it.
      limits: { hold: () => null, release: () => undefined },
      turnAway: () => undefined,
      fronts,
      httpByStream: false,
      hasHttpEdge: () => false,
      vhosts: new Set(),
    });
  }

  get reading(): number {
    return this.#reception.reading;
  }

  /** `handle`: a public port's bound socket, as it came from the pod. */
  listen(protocol: ClientProtocol, port: number, handle: unknown): void {
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      socket.on('error', () => undefined);
      this.#reception.onClient(socket, protocol);
    });
    server.on('error', (error: NodeJS.ErrnoException) => {
      // No descriptor left, most of the time.
      if (server.listening) this.#deps.news.turnedAway('accept-failed', '');
      else this.#deps.onListenFailed(port, error.code ?? 'EINVAL');
    });
    server.listen(handle, BACKLOG, () => this.#deps.onListening(port));
    this.#servers.push(server);
  }

  unlisten(): void {
    for (const server of this.#servers.splice(0)) server.close();
  }

  onAnswer(answer: RelayAnswer): void {
    this.#unanswered.get(answer.id)?.(answer);
  }

  #accept(socket: Socket, protocol: ClientProtocol, { address, head }: KnownOfClient): void {
    const from = address ?? normalAddress(socket.remoteAddress);
    if (this.#unanswered.size >= MAX_UNANSWERED) {
      this.#deps.news.turnedAway('pod-busy', from);
      refuseClient(socket, protocol, 'pod-busy');
      return;
    }
    const id = this.#nextId;
    this.#nextId += this.#idStep;
    // What was read of it is read again by who serves it, first.
    if (head !== undefined && head.length > 0) socket.unshift(head);
    const whereto = new Promise<Whereto>((resolve) => {
      const answered = (answer: Whereto) => {
        clearTimeout(late);
        this.#unanswered.delete(id);
        resolve(answer);
      };
      const late = setTimeout(() => {
        this.#deps.news.turnedAway('no-answer', from);
        answered({ refusal: 'no-answer' });
      }, ANSWER_WITHIN_MS);
      this.#unanswered.set(id, answered);
      // Who has left needs no answer, and no seat.
      socket.once('close', () => this.#unanswered.get(id)?.({ refusal: 'client-left' }));
    });
    this.#deps.news.accepted({ id, protocol, address: from });
    this.#deps.begin({ id, protocol, address: from }, socket, whereto);
  }
}
