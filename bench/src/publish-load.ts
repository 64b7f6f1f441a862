import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import {
  encodeRtmpRun,
  FlvPlaylist,
  FlvReader,
  MEDIA_CHUNK_SIZE,
  parseRtmpUrl,
  RtmpClientSession,
} from '@dolphin/media';
import { CONNECTING_AT_ONCE, type LoadOptions, type LoadResult, NotServedError, START_DEADLINE_MS } from './load.js';
import { endpointOf } from './load-player.js';
import { summarize } from './load-window.js';
import { SAMPLE } from './start-program.js';

/** What a publisher sends goes out as often as frames of 25 a second. */
const PERIOD_MS = 40;
/** Publishers of a phase send at the same moment; the phases are spread over the period. */
const PHASES = 10;
/** And their key frames over the two seconds between them: encoders do not start together. */
const PHASE_OFFSET_MS = 200;
const TAGS_PER_TURN = 200;
/** More than this unsent is a server that does not keep up: 16 s of the sample. */
const MAX_UNSENT_BYTES = 1024 * 1024;

interface LoadPublisher {
  readonly socket: Socket;
  isReady: boolean;
  /** It ended, or fell behind. */
  failed: boolean;
}

/**
 * Many publishers in one process, each of a stream of its own (the target's name with a number behind it). They are
 * cheap: what a phase sends is encoded once. Raw ones send the same bytes without asking.
 */
export class PublishLoad {
  readonly #o: LoadOptions;
  readonly #publishers: LoadPublisher[] = [];
  readonly #playlists: FlvPlaylist[];
  #began = 0;
  #turn = 0;
  #marked: { at: number; bytes: number[]; cpu: NodeJS.CpuUsage } | null = null;

  constructor(o: LoadOptions) {
    this.#o = o;
    const tags = new FlvReader().push(readFileSync(SAMPLE));
    this.#playlists = Array.from({ length: PHASES }, () => new FlvPlaylist(tags, { loop: true }));
  }

  /** Resolves when every publisher publishes; rejects with the first reason when one cannot. */
  start(): Promise<{ afterMs: number }> {
    const began = performance.now();
    return new Promise((resolve, reject) => {
      const late = () => reject(new NotServedError(`${this.#ready()} of ${this.#o.players} publishers publish`));
      const timer = setTimeout(late, START_DEADLINE_MS);
      let opened = 0;
      const more = () => {
        while (this.#publishers.length < this.#o.players && opened - this.#ready() < CONNECTING_AT_ONCE) {
          this.#publishers.push(openPublisher(this.#o, opened++, onReady, onRefused));
        }
      };
      const onRefused = (why: string) => {
        clearTimeout(timer);
        reject(new NotServedError(`a publisher could not publish: ${why}`));
      };
      const onReady = () => {
        if (this.#ready() < this.#o.players) {
          more();
          return;
        }
        clearTimeout(timer);
        this.#began = performance.now();
        setInterval(() => this.#sendDue(), PERIOD_MS / PHASES);
        resolve({ afterMs: Math.round(performance.now() - began) });
      };
      more();
    });
  }

  mark(): void {
    this.#marked = { at: performance.now(), bytes: this.#sent(), cpu: process.cpuUsage() };
  }

  /** What went out since mark. */
  measure(): LoadResult {
    const marked = this.#marked;
    if (marked === null) throw new Error('measure before mark');
    const seconds = (performance.now() - marked.at) / 1000;
    const bytes = this.#sent().map((sent, i) => sent - (marked.bytes[i] ?? 0));
    const cpu = process.cpuUsage(marked.cpu);
    const failed = this.#publishers.filter((publisher) => publisher.failed).length;
    return {
      ...summarize(bytes, seconds, null, failed),
      churn: null,
      cpuPercent: Math.round((cpu.user + cpu.system) / seconds / 1000) / 10,
    };
  }

  #sendDue(): void {
    const due = Math.floor(((performance.now() - this.#began) * PHASES) / PERIOD_MS);
    // After a pause of this process each phase has its turn once: what it missed comes in that one.
    this.#turn = Math.max(this.#turn, due - PHASES);
    for (; this.#turn < due; this.#turn++) this.#sendPhase(this.#turn % PHASES);
  }

  #sendPhase(phase: number): void {
    const elapsedMs = performance.now() - this.#began - phase * PHASE_OFFSET_MS;
    const tags = this.#playlists[phase]?.due(elapsedMs, TAGS_PER_TURN) ?? [];
    if (tags.length === 0) return;
    const bytes = encodeRtmpRun(
      tags.map((tag) => ({ ...tag, streamId: 1 })),
      MEDIA_CHUNK_SIZE,
    );
    for (let i = phase; i < this.#publishers.length; i += PHASES) {
      const publisher = this.#publishers[i];
      if (publisher === undefined || publisher.failed) continue;
      if (publisher.socket.writableLength > MAX_UNSENT_BYTES) publisher.failed = true;
      else publisher.socket.write(bytes);
    }
  }

  #ready(): number {
    return this.#publishers.filter(({ isReady }) => isReady).length;
  }

  #sent(): number[] {
    return this.#publishers.map(({ socket }) => socket.bytesWritten - socket.writableLength);
  }
}

function openPublisher(
  { target }: LoadOptions,
  index: number,
  onReady: () => void,
  onRefused: (why: string) => void,
): LoadPublisher {
  const socket = connect({ ...endpointOf(target), noDelay: true });
  const publisher: LoadPublisher = { socket, isReady: false, failed: false };
  const ready = () => {
    publisher.isReady = true;
    onReady();
  };
  const end = (why: string) => {
    socket.destroy();
    publisher.failed = true;
    if (!publisher.isReady) onRefused(why);
  };
  socket.on('error', (error) => end(error.message));
  socket.on('close', () => end('the server closed the connection'));
  if (target.protocol === 'raw') {
    socket.resume();
    socket.on('connect', ready);
    return publisher;
  }
  const session = new RtmpClientSession({ mode: 'publish', url: parseRtmpUrl(`${target.url}-${index}`) });
  const flush = () => {
    const output = session.takeOutput();
    if (output !== null) socket.write(output);
  };
  socket.on('connect', () => {
    session.start();
    flush();
  });
  socket.on('data', (data: Buffer) => {
    for (const event of session.push(data)) {
      if (event.type === 'refused') end(`${event.code}: ${event.why}`);
      else if (event.type === 'ended') end(event.why);
      else if (event.type === 'started') {
        flush();
        ready();
      }
    }
    flush();
  });
  return publisher;
}
