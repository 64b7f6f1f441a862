/** The last lines that a process wrote, for the fact of its exit. */
export const TAIL_LINES = 10;
export const TAIL_LINE_CHARS = 512;
/** So many bytes hold the last lines, also when each character takes four. */
export const TAIL_BYTES = TAIL_LINES * TAIL_LINE_CHARS * 4;

export interface LogTail {
  readonly lines: readonly string[];
  /** Begun, not ended. */
  readonly open: string;
}
export const EMPTY_TAIL: LogTail = { lines: [], open: '' };

export function appendTail(tail: LogTail, text: string): LogTail {
  const parts = (tail.open + text).split('\n');
  const open = (parts.pop() ?? '').slice(0, TAIL_LINE_CHARS);
  const lines = [
    ...tail.lines,
    ...parts
      .slice(-TAIL_LINES)
      .map(plain)
      .filter((line) => line !== ''),
  ];
  return { lines: lines.slice(-TAIL_LINES), open };
}

/** What was begun counts as a line: a process that is killed does not end it. */
export function tailLines(tail: LogTail): string[] {
  const open = plain(tail.open);
  return [...tail.lines, ...(open === '' ? [] : [open])].slice(-TAIL_LINES);
}

// Colours and other control characters would come out at somebody's terminal.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed.
const CONTROL = /\u001b\[[0-9;]*[A-Za-z]|[\u0000-\u001f\u007f]/g;

function plain(line: string): string {
  return line.replace(CONTROL, '').slice(0, TAIL_LINE_CHARS);
}
