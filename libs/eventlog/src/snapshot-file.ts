import { readFile } from 'node:fs/promises';
import { type Logger, silentLogger, writeFileAtomic } from '@dolphin/runtime';
import type { Checkpoint } from './log-store.js';

/** A fold of a million entries fits; a file above this is not ours. */
const MAX_SNAPSHOT_BYTES = 256 * 1024 * 1024;

interface Snapshot extends Checkpoint {
  buildId: string;
  state: unknown;
}

/**
 * A fold's state at a checkpoint, in a local file. A cache: written by another build, unreadable, or not there are all
 * the same, and the fold starts from the first entry. Whether the log still has the checkpoint is found by following
 * from it.
 */
export class SnapshotFile {
  readonly #path: string;
  readonly #buildId: string;
  readonly #logger: Logger;

  constructor(path: string, buildId: string, logger: Logger = silentLogger()) {
    this.#path = path;
    this.#buildId = buildId;
    this.#logger = logger;
  }

  /** `state` is what JSON made of it: the caller parses it. Never throws. */
  async load(): Promise<{ checkpoint: Checkpoint; state: unknown } | null> {
    try {
      const text = await readFile(this.#path, 'utf8');
      if (text.length > MAX_SNAPSHOT_BYTES) return null;
      const snapshot: unknown = JSON.parse(text);
      if (!isSnapshot(snapshot) || snapshot.buildId !== this.#buildId) return null;
      const { created, sequence, messageId, state } = snapshot;
      return { checkpoint: { created, sequence, messageId }, state };
    } catch (error) {
      const gone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!gone) this.#logger.warn({ err: error, path: this.#path }, 'the snapshot is ignored');
      return null;
    }
  }

  /** Never throws: without it the next start takes longer. */
  async save(checkpoint: Checkpoint, state: unknown): Promise<void> {
    try {
      const snapshot: Snapshot = { buildId: this.#buildId, ...checkpoint, state };
      await writeFileAtomic(this.#path, JSON.stringify(snapshot));
    } catch (error) {
      this.#logger.warn({ err: error, path: this.#path }, 'the snapshot cannot be written');
    }
  }
}

function isSnapshot(value: unknown): value is Snapshot {
  if (typeof value !== 'object' || value === null) return false;
  const { buildId, created, sequence, messageId, state } = value as Partial<Record<keyof Snapshot, unknown>>;
  return (
    typeof buildId === 'string' &&
    typeof created === 'string' &&
    typeof messageId === 'string' &&
    Number.isSafeInteger(sequence) &&
    (sequence as number) > 0 &&
    state !== undefined
  );
}
