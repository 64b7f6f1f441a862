const MAX_WORDS = 300;
/** What follows an error in a crash of Node: stack frames, closing brackets, the version. */
const NOISE = /^\s*$|^\s+at |^[\s})\]]+$|^Node\.js v\d/;

/** The last line of a log that says something to a person, or null. Of a JSON line (pino) its message and its error. */
export function lastWords(lines: readonly string[]): string | null {
  const line = lines.findLast((one) => !NOISE.test(one));
  return line === undefined ? null : (messageOf(line) ?? line.trim()).slice(0, MAX_WORDS);
}

function messageOf(line: string): string | null {
  if (!line.startsWith('{')) return null;
  try {
    const { msg, why, err } = JSON.parse(line) as { msg?: unknown; why?: unknown; err?: { message?: unknown } };
    const parts = [msg, why, err?.message].filter((part) => typeof part === 'string' && part !== '');
    return parts.length > 0 ? parts.join(': ') : null;
  } catch {
    // Cut off where its writer was killed.
    return null;
  }
}
