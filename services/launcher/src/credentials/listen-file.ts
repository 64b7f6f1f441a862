import { join } from 'node:path';
import { DolphinError, FarmName, Port } from '@dolphin/protocol';
import { readJsonFile, writeFileAtomic } from '@dolphin/runtime';
import { z } from 'zod';
import type { Places } from '../up/places.js';

/** What the last `up --listen` of a directory made known: the next `up` listens there again, and `invite` tells of it. */
const ListenFile = z.object({
  v: z.literal(1),
  farm: FarmName,
  address: z.ipv4(),
  nats: z.string().min(1),
  rtmp: Port,
  http: Port,
});
export type ListenFile = z.infer<typeof ListenFile>;

const pathIn = (places: Places) => join(places.credentials, 'listen.json');

/** Null: this directory has never listened for others. Throws E_CONFIG for what cannot be read. */
export function readListenFile(places: Places): ListenFile | null {
  const where = pathIn(places);
  const read = readJsonFile(where);
  if (read === null) return null;
  if ('refused' in read) throw new DolphinError('E_CONFIG', { where, why: read.refused });
  const parsed = ListenFile.safeParse(read.json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new DolphinError('E_CONFIG', { where, why: `${issue?.path.join('.')}: ${issue?.message}` });
}

export function writeListenFile(places: Places, file: Omit<ListenFile, 'v'>): Promise<void> {
  return writeFileAtomic(pathIn(places), `${JSON.stringify({ v: 1, ...file })}\n`);
}
