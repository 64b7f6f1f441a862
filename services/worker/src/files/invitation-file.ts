import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DolphinError, Invitation, MAX_INVITATION_BYTES } from '@dolphin/protocol';
import { parseSecretJson, readSecretJson, writeFileAtomic } from '@dolphin/runtime';
import { z } from 'zod';

/** An invitation that was taken, with the address that this host was found to have then. */
const TakenInvitation = Invitation.extend({ address: z.string().min(1).max(255) });
export type TakenInvitation = z.infer<typeof TakenInvitation>;

/** Somebody may be pasting it, or typing a passphrase for who sends it. */
const STDIN_TIMEOUT_MS = 120_000;

const pathIn = (runDir: string) => join(runDir, 'invitation.json');

/** What `--join` names: a file that nobody else may read, or - for stdin. Throws E_CONFIG. */
export async function readInvitation(from: string): Promise<Invitation> {
  const read =
    from === '-'
      ? parseSecretJson(await readStdin(), Invitation)
      : readSecretJson(from, Invitation, MAX_INVITATION_BYTES);
  if ('refused' in read) {
    throw new DolphinError('E_CONFIG', { where: from === '-' ? '--join, on stdin' : from, why: read.refused });
  }
  return read.data;
}

/** The invitation that this run directory joined by; null: none. Throws E_CONFIG for a file that is not to be trusted. */
export function takenInvitation(runDir: string): TakenInvitation | null {
  const path = pathIn(runDir);
  if (!existsSync(path)) return null;
  const read = readSecretJson(path, TakenInvitation, MAX_INVITATION_BYTES);
  if ('refused' in read) throw new DolphinError('E_CONFIG', { where: path, why: read.refused });
  return read.data;
}

/** So that the next worker of this directory joins without being told again. */
export function keepInvitation(runDir: string, taken: TakenInvitation): Promise<void> {
  return writeFileAtomic(pathIn(runDir), `${JSON.stringify(taken)}\n`);
}

/** Up to its end. */
async function readStdin(): Promise<string> {
  const refuse = (why: string) => new DolphinError('E_CONFIG', { where: '--join, on stdin', why });
  const timer = setTimeout(() => {
    process.stdin.destroy(refuse(`it did not end within ${STDIN_TIMEOUT_MS / 1000} s`));
  }, STDIN_TIMEOUT_MS);
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of process.stdin) {
      bytes += (part as Buffer).length;
      if (bytes > MAX_INVITATION_BYTES) throw refuse(`it is larger than ${MAX_INVITATION_BYTES} bytes`);
      parts.push(part as Buffer);
    }
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(parts).toString('utf8');
}
