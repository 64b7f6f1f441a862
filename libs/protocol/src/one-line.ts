const FIRST_PRINTABLE = 32;
const DELETE = 127;

/** What others wrote (reasons, error texts), made safe for a terminal: no control characters, no second line. */
export function oneLine(text: string, start: 'trim start' | 'keep start' = 'trim start'): string {
  const safe = [...text]
    .map((char) => {
      const code = char.codePointAt(0) ?? 0;
      return code < FIRST_PRINTABLE || (code >= DELETE && code < 160) ? ' ' : char;
    })
    .join('')
    .trimEnd();
  return start === 'trim start' ? safe.trimStart() : safe;
}
