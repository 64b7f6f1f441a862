import { readFileSync } from 'node:fs';

/** What a JSON file says, or why it cannot be read; null: there is none. */
export function readJsonFile(path: string): { readonly json: unknown } | { readonly refused: string } | null {
  try {
    return { json: JSON.parse(readFileSync(path, 'utf8')) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    return { refused: error instanceof Error ? error.message : String(error) };
  }
}
