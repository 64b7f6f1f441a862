import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../app/ports.js';
import type { Engine } from './engines.js';
import { builtInIdentity, fileIdentity } from './program-identity.js';

const STAMP_NAME = 'edge.conf.tested';

/**
 * Stands for all that the test of a conf (`-t`) rests on: the conf with its includes in it, the program, and the limit
 * of open files (null: not to be read), which servers hold max_connections against. What it cannot see: a program behind
 * a wrapper that says the same version, libraries, environment. Nothing is lost by that: servers test their conf at every
 * start, too, so that such an edge exits at once, with its reason in the fact, where it would have been refused before.
 * Ports are no affair of `-t`: they are probed before every start.
 */
export async function confStamp(conf: string, engine: Engine, openFiles: number | null): Promise<string> {
  const { path, dialect, version } = engine;
  const program = dialect === 'builtin' ? await builtInIdentity(path) : await fileIdentity(path);
  const parts = [conf, path, dialect, version, program, String(openFiles)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** A test with this stamp succeeded in this working directory. A stamp that cannot be read is none. */
export async function wasTested(cwd: string, stamp: string): Promise<boolean> {
  const kept = await readFile(join(cwd, STAMP_NAME), 'latin1').catch(() => '');
  return kept === stamp;
}

/** Keeps the stamp of a test that succeeded. Never rejects: what is not kept is tested again. */
export async function keepStamp(cwd: string, stamp: string, log: Log): Promise<void> {
  await writeFile(join(cwd, STAMP_NAME), stamp, { mode: 0o600 }).catch((error: unknown) => {
    log.warn({ cwd, why: String(error) }, 'a tested conf cannot be noted: it is tested again next time');
  });
}
