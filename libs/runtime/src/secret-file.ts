import { readFileSync, statSync } from 'node:fs';

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
