import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfRef, DOLPHIN_VERSION, EdgePorts, KeptFarmSpec, Role, SpecVersion } from '@dolphin/protocol';
import { z } from 'zod';
import type { FarmState } from '../domain/farm-state.js';

const Ref = z.object({ sequence: z.int(), entryId: z.string(), correlationId: z.string().nullable() });

const DrainAsk = z.object({ asked: Ref, deadlineMs: z.int() });

const Slot = z.object({
  role: Role,
  slot: z.int(),
  generation: z.int(),
  engine: z.string(),
  conf: ConfRef.optional(),
  ports: EdgePorts,
  origins: z.array(z.string()),
  status: z.enum(['assigned', 'released']),
  drainMs: z.int(),
  forDrain: z.string().nullable(),
  setAside: DrainAsk.nullable(),
  isKept: z.boolean(),
  killAsked: Ref.nullable(),
  changing: z.int().nullable(),
  restartAsked: DrainAsk.nullable(),
  renewMs: z.int().nullable(),
  decided: Ref,
  term: z.int(),
  gaveUpInARow: z.int(),
  refusal: z.object({ code: z.string(), message: z.string() }).nullable(),
});

const Host = z.object({
  host: z.string(),
  epoch: z.int(),
  joined: Ref,
  rtmp: z.array(z.int()),
  http: z.array(z.int()),
  liveness: z.enum(['up', 'unmanaged', 'lost']),
  address: z.string().optional(),
  farOrigin: z.string().nullish(),
  engines: z.array(z.string()).optional(),
  confs: z.array(z.string()).optional(),
  labels: z.record(z.string(), z.string()),
  capacity: z.int().nullable(),
  cordoned: Ref.nullable(),
  drain: DrainAsk.extend({ at: z.string() }).nullable(),
  hasLeft: z.boolean().optional(),
  slots: z.record(z.string(), Slot),
});

const Update = z.object({
  specVersion: z.int(),
  state: z.enum(['running', 'stopped', 'finished']),
  edges: z.int(),
  step: z.int(),
  failed: z.int(),
  why: z.string().nullable(),
});

const Fold = z.object({
  sequence: z.int(),
  operatorSequence: z.int(),
  decisionsSequence: z.int(),
  farm: z.object({ farm: z.string(), farmId: z.string(), adopted: z.boolean().optional() }).nullable(),
  spec: z.object({ version: z.int(), spec: KeptFarmSpec, applied: Ref }).nullable(),
  specs: z.array(SpecVersion),
  leader: z.object({ master: z.string(), term: z.int(), elected: Ref }).nullable(),
  lastMove: Ref.nullable(),
  short: z.object({ specVersion: z.int(), asked: z.int(), placed: z.int() }).nullable(),
  update: Update.nullable(),
  hosts: z.record(z.string(), Host),
  unreadable: z.object({ sequence: z.int(), why: z.string() }).nullable(),
  ignored: z.int(),
});

/** A snapshot's state, or null if it is none: then everything is folded again. */
export function parseFold(json: unknown): FarmState | null {
  const parsed = Fold.safeParse(json);
  return parsed.success ? parsed.data : null;
}

/** Names the fold's own code: a snapshot of another fold is another state. */
export function foldBuildId(): string {
  const domain = join(dirname(fileURLToPath(import.meta.url)), '../domain');
  const hash = createHash('sha256');
  for (const name of readdirSync(domain)
    .filter((file) => file.endsWith('.js'))
    .sort()) {
    hash.update(readFileSync(join(domain, name)));
  }
  return `${DOLPHIN_VERSION}-${hash.digest('hex').slice(0, 16)}`;
}
