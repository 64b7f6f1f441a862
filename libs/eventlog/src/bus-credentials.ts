import { BusCredentials, DolphinError } from '@dolphin/protocol';
import { readSecretFile } from '@dolphin/runtime';

/** Of a few lines. */
const MAX_FILE_BYTES = 4_096;

/** Reads a credentials file (JSON). Throws E_CONFIG when it cannot be read, is none, or others may read it. */
export function readBusCredentials(path: string): BusCredentials {
  const refuse = (why: string) => new DolphinError('E_CONFIG', { where: path, why });
  const read = readSecretFile(path, MAX_FILE_BYTES);
  if ('refused' in read) throw refuse(read.refused);
  let json: unknown;
  try {
    json = JSON.parse(read.text);
  } catch {
    // Not with the error's words: they quote the text, which holds the password.
    throw refuse('it is no JSON');
  }
  const parsed = BusCredentials.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw refuse(`${issue?.path.join('.') || 'it'}: ${issue?.message}`);
}
