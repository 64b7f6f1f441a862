import { readFileSync, statSync } from 'node:fs';
import { BusCredentials, DolphinError } from '@dolphin/protocol';

/** Of a few lines. */
const MAX_FILE_BYTES = 4_096;

/** Reads a credentials file (JSON). Throws E_CONFIG when it cannot be read, is none, or others may read it. */
export function readBusCredentials(path: string): BusCredentials {
  const refuse = (why: string) => new DolphinError('E_CONFIG', { where: path, why });
  let json: unknown;
  try {
    const { mode, size } = statSync(path);
    if (mode & 0o077) throw refuse(`others may read it (mode ${(mode & 0o777).toString(8)}): chmod 600`);
    if (size > MAX_FILE_BYTES) throw refuse(`it is larger than ${MAX_FILE_BYTES} bytes`);
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof DolphinError) throw error;
    // A JSON error quotes the text, which holds the password.
    throw refuse(
      error instanceof SyntaxError ? 'it is no JSON' : error instanceof Error ? error.message : String(error),
    );
  }
  const parsed = BusCredentials.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw refuse(`${issue?.path.join('.') || 'it'}: ${issue?.message}`);
}
