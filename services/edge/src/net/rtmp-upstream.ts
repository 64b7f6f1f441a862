import { connect } from 'node:net';
import { type ClientEvent, MediaError, RtmpClientSession, type RtmpMessage, withoutVhost } from '@dolphin/media';
import type { Beats } from '../app/beats.js';
import type { Timers } from '../app/ports.js';
import type { Dial, Upstream, UpstreamEvents, UpstreamRequest } from '../app/upstream.js';
import { isGathered } from '../domain/gathered-reads.js';
import { ReadBeat } from './read-beat.js';
import { readWaiting } from './read-waiting.js';
import { readInto } from './shared-reads.js';
import { pendingWriteBytes } from './socket-facts.js';

/** A publisher's media that the upstream has not taken; its client is not read until it has. */
const MAX_BEHIND_BYTES = 1024 * 1024;
/** Messages above this are written one by one: one read may complete several of megabytes, more than a session holds. */
const WRITE_AT_BYTES = 64 * 1024;
/** An upstream that takes nothing for so long is not told goodbye. */
const GOODBYE_MS = 1000;
/** How long an upstream that is published to may take to hang up: until then the kernel still has some of it to send. */
const HANG_UP_MS = 10_000;

/** Dials RTMP servers. */
export function rtmpDial(timers: Timers, beats: Beats, chunkSize: () => number): Dial {
  return (request, events) => new RtmpUpstream(request, events, { timers, beats, chunkSize: chunkSize() });
}

/** A client connection to an upstream server: pulls a stream from it, or publishes one to it. */
class RtmpUpstream implements Upstream {
  readonly #request: UpstreamRequest;
  readonly #events: UpstreamEvents;
  readonly #timers: Timers;
  readonly #beats: Beats;
  readonly #session: RtmpClientSession;
  readonly #socket;
  #cancelTimer: () => void;
  #lastByteMs = 0;
  #over = false;
  #isBehind = false;
  /** Null before it is started: nothing waits for a beat then. */
  #beat: ReadBeat | null = null;
  /** It is not read until the next beat. */
  #rests = false;

  constructor(
    request: UpstreamRequest,
    events: UpstreamEvents,
    o: { timers: Timers; beats: Beats; chunkSize: number },
  ) {
    const { timers, beats, chunkSize } = o;
    this.#request = request;
    this.#events = events;
    this.#timers = timers;
    this.#beats = beats;
    const { origin, vhost, app, stream, hops, mode } = request;
    const query = withoutVhost(request.query);
    const url = { host: origin.host, port: origin.port, vhost, app, stream, query };
    this.#session = new RtmpClientSession({ mode, url, hops, chunkSize });
    this.#cancelTimer = timers.after(request.connectTimeoutMs, () => this.#end('lost', '', 'connect time-out'));
    const onread = { buffer: readInto, callback: (bytes: number) => this.#onRead(bytes) };
    const socket = connect({ host: origin.host, port: origin.port, noDelay: true, onread });
    this.#socket = socket;
    socket.on('connect', () => {
      this.#session.start();
      this.#flush();
    });
    socket.on('drain', () => this.#onDrain());
    socket.on('end', () => this.#end('lost', '', 'the upstream hung up'));
    socket.on('error', (error: Error) => this.#end('lost', '', error.message));
    socket.on('close', () => this.#end('lost', '', 'the connection closed'));
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelTimer();
    this.#session.stop();
    this.#flush();
    this.#beat?.stop();
    this.#socket.resume();
    this.#socket.end();
    this.#awaitGoodbye(pendingWriteBytes(this.#socket));
  }

  /** The end of what was published may still be on its way: it is waited for as long as some of it is taken. */
  #awaitGoodbye(before: number): void {
    const isLast = before === 0;
    this.#timers.after(isLast && this.#request.mode === 'publish' ? HANG_UP_MS : GOODBYE_MS, () => {
      if (this.#socket.destroyed) return;
      const pending = pendingWriteBytes(this.#socket);
      if (!isLast && pending !== before) this.#awaitGoodbye(pending);
      else this.#socket.destroy();
    });
  }

  send(messages: readonly RtmpMessage[]): boolean {
    if (this.#over) return true;
    for (const message of messages) {
      this.#session.sendMedia(message);
      if (message.payload.length > WRITE_AT_BYTES) this.#flush();
    }
    this.#flush();
    this.#isBehind = this.#socket.writableLength > MAX_BEHIND_BYTES;
    return !this.#isBehind;
  }

  /** What waited in the kernel, and from then on what comes, unless it rests again. */
  #onBeat(): void {
    if (this.#rests && !readWaiting(this.#socket, (bytes) => this.#onRead(bytes))) return;
    this.#rests = false;
    // As `resume` does it, without the turn that a stream takes to begin to flow.
    this.#socket.read(0);
  }

  /** False: no more is read until the next beat. */
  #onRead(bytes: number): boolean {
    if (this.#over) return true;
    this.#lastByteMs = this.#timers.now();
    // The kernel fills what it is given, if there is more than that.
    const next = this.#beat?.after(bytes, bytes < readInto.length) ?? 'on';
    this.#rests = next === 'rest';
    try {
      const events = this.#session.push(readInto.subarray(0, bytes));
      this.#flush();
      this.#onEvents(events, next !== 'on');
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
      this.#end('lost', '', `bad input from upstream: ${error.message}`);
    }
    return !this.#rests || this.#over;
  }

  #onEvents(events: readonly ClientEvent[], gathered: boolean): void {
    // What came before its end goes out at once: nothing else will close their slab.
    const isEnd = events.some(({ type }) => type === 'refused' || type === 'ended');
    for (const event of events) {
      if (event.type === 'media') this.#events.media(event.messages, gathered || isEnd);
      else if (event.type === 'started') this.#onStarted();
      else {
        this.#end(event.type === 'refused' ? 'refused' : 'lost', event.type === 'refused' ? event.code : '', event.why);
        return;
      }
    }
  }

  #onStarted(): void {
    this.#cancelTimer();
    this.#watchReceive();
    const { gatherMs } = this.#request;
    if (isGathered(gatherMs)) this.#beat = new ReadBeat(this.#beats, gatherMs, () => this.#onBeat());
    this.#events.started();
  }

  #watchReceive(): void {
    const { receiveTimeoutMs } = this.#request;
    if (receiveTimeoutMs === 0) return;
    const silentMs = this.#timers.now() - this.#lastByteMs;
    this.#cancelTimer = this.#timers.after(Math.max(100, receiveTimeoutMs - silentMs), () => {
      if (this.#timers.now() - this.#lastByteMs >= receiveTimeoutMs) this.#end('lost', '', 'receive time-out');
      else this.#watchReceive();
    });
  }

  #flush(): void {
    const output = this.#session.takeOutput();
    if (output !== null && !this.#socket.destroyed) this.#socket.write(output);
  }

  #onDrain(): void {
    if (!this.#isBehind || this.#over) return;
    this.#isBehind = false;
    this.#events.drained();
  }

  #end(how: 'refused' | 'lost', code: string, why: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelTimer();
    this.#beat?.stop();
    this.#socket.destroy();
    this.#events.ended({ how, code, why });
  }
}
