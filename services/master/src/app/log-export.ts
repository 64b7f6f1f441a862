import { createHash } from 'node:crypto';
import type { LogStore } from '@dolphin/eventlog';
import {
  DOLPHIN_VERSION,
  DolphinError,
  type ExportEnd,
  type ExportedMessage,
  type ExportHeader,
} from '@dolphin/protocol';
import type { Clock } from '@dolphin/runtime';
import type { FarmState } from '../domain/farm-state.js';
import { EXPORT_CHUNK_CHARS, MAX_EXPORTS } from './bounds.js';

/** The whole log as lines, for few readers at a time: each message is read when the ones before are written. */
export class LogExports {
  readonly #clock: Pick<Clock, 'now'>;
  #open = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /**
   * Texts to be written one after the other, until `signal` aborts. Rejects with E_NO_FARM, E_LOG_UNREADABLE, E_LIMITED,
   * E_BUS_UNAVAILABLE. What fails later ends the texts before their end: such a file is no export.
   */
  async open(
    log: Pick<LogStore, 'read' | 'info'>,
    state: FarmState,
    signal: AbortSignal,
  ): Promise<AsyncIterable<string>> {
    const info = await log.info();
    if (!state.farm || !info) throw new DolphinError('E_NO_FARM');
    if (state.unreadable) throw new DolphinError('E_LOG_UNREADABLE', state.unreadable);
    if (this.#open >= MAX_EXPORTS) throw new DolphinError('E_LIMITED', { what: 'exports of the log' });
    this.#open++;
    signal.addEventListener('abort', () => this.#open--, { once: true });
    const { farm, farmId } = state.farm;
    const { created, lastSequence } = info;
    const at = new Date(this.#clock.now()).toISOString();
    const header: ExportHeader = {
      ...{ type: 'dolphin.export/1', farm, farmId, version: DOLPHIN_VERSION, at, created, lastSequence },
    };
    return this.#texts(log, header, signal);
  }

  async *#texts(log: Pick<LogStore, 'read'>, header: ExportHeader, signal: AbortSignal): AsyncGenerator<string> {
    const hash = createHash('sha256');
    let messages = 0;
    let chunk = lineOf(header);
    for await (const item of log.read({ after: 0, until: header.lastSequence })) {
      if (signal.aborted) return;
      // Nobody appended it, and no fold has it.
      if (item.type === 'stray') continue;
      if (item.type === 'undecodable') throw new DolphinError('E_LOG_UNREADABLE', { ...item });
      const { sequence, at, subject, messageId, envelope } = item;
      chunk += lineOf({ sequence, at, subject, messageId, envelope } satisfies ExportedMessage);
      messages++;
      if (chunk.length < EXPORT_CHUNK_CHARS) continue;
      hash.update(chunk);
      yield chunk;
      chunk = '';
    }
    hash.update(chunk);
    yield chunk + lineOf({ end: true, messages, sha256: hash.digest('hex') } satisfies ExportEnd);
  }
}

function lineOf(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
