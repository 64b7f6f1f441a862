import { oneLine } from './words.js';

export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** May be cut, with an ellipsis, down to so many characters; others never are. */
  readonly shrinkTo?: number;
  /** Left out, the last such first, where the table does not fit even when all is cut that may be. */
  readonly optional?: true;
}

const GAP = '  ';

/**
 * Lines of a table, header first, no wider than `width` as far as the columns allow. Cells hold what others named (hosts,
 * streams, addresses): each is made safe for a terminal.
 */
export function tableLines(columns: readonly Column[], rows: readonly (readonly string[])[], width = 80): string[] {
  const all = [columns.map(({ title }) => title), ...rows.map((row) => row.map((cell) => oneLine(cell)))];
  const laid = layOut(
    columns.map((column, index) => ({ column, index, width: Math.max(...all.map((row) => row[index]?.length ?? 0)) })),
    width,
  );
  return all.map((row) =>
    laid
      .map(({ column, index, width: room }) => {
        const cell = cut(row[index] ?? '', room);
        return column.align === 'right' ? cell.padStart(room) : cell.padEnd(room);
      })
      .join(GAP)
      .trimEnd(),
  );
}

interface Laid {
  readonly column: Column;
  /** Of its cell in each row. */
  readonly index: number;
  readonly width: number;
}

function layOut(columns: readonly Laid[], width: number): Laid[] {
  const widths = columns.map((column) => column.width);
  let over = widths.reduce((sum, one) => sum + one, 0) + GAP.length * (columns.length - 1) - width;
  // The widest gives first, so that short names stay whole beside a long one.
  while (over > 0) {
    const spare = columns.map(({ column }, at) => (widths[at] ?? 0) - (column.shrinkTo ?? Number.POSITIVE_INFINITY));
    const most = Math.max(...spare);
    if (most <= 0) break;
    const at = spare.indexOf(most);
    widths[at] = (widths[at] ?? 0) - 1;
    over--;
  }
  const last = columns.findLastIndex(({ column }) => column.optional);
  if (over > 0 && last >= 0) return layOut(columns.toSpliced(last, 1), width);
  return columns.map((column, at) => ({ ...column, width: widths[at] ?? 0 }));
}

/** The first `width` characters at most; what was cut off shows as an ellipsis. */
export function cut(text: string, width: number): string {
  if (text.length <= width) return text;
  return width <= 1 ? text.slice(0, width) : `${text.slice(0, width - 1)}…`;
}

/** Lines no longer than `width`, broken at spaces where there are any; all but the first begin with `indent`. */
export function wrap(text: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > indent.length ? space : width;
    lines.push(rest.slice(0, end).trimEnd());
    rest = indent + rest.slice(end).trimStart();
  }
  return [...lines, rest];
}
