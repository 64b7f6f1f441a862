import { readFileSync, statSync } from 'node:fs';
import type { z } from 'zod';

/** A JSON file with secrets, or why it is not taken: it cannot be read, is too large, is wrong, or others may read it. */
export function readSecretJson<T>(
  path: string,
  schema: z.ZodType<T>,
  maxBytes: number,
): { data: T } | { refused: string } {
  const read = readSecretFile(path, maxBytes);
  if ('refused' in read) return read;
  let json: unknown;
  try {
    json = JSON.parse(read.text);
  } catch {
    // Not with the error's words: they quote the text, which holds the secret.
    return { refused: 'it is no JSON' };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { data: parsed.data };
  const issue = parsed.error.issues[0];
  return { refused: `${issue?.path.join('.') || 'it'}: ${issue?.message}` };
}

/** The text of a file with a secret, or why it is not taken: it cannot be read, is too large, or others may read it. */
export function readSecretFile(path: string, maxBytes: number): { text: string } | { refused: string } {
  try {
    const { mode, size } = statSync(path);
    if (mode & 0o077) return { refused: `others may read it (mode ${(mode & 0o777).toString(8)}): chmod 600` };
    if (size > maxBytes) return { refused: `it is larger than ${maxBytes} bytes` };
    return { text: readFileSync(path, 'utf8') };
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) };
  }
}
