import { ConfError, type Directive, isConfSpace } from './conf-tree.js';

/**
 * The text of a conf: parseConf(printConf(x)) is x again, but for file and line. A word that no text stands for
 * (empty, with a NUL, or one that needs quotes and contains both kinds) is a ConfError at its directive.
 */
export function printConf(directives: readonly Directive[]): string {
  const lines: string[] = [];
  print(directives, '', lines);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function print(directives: readonly Directive[], indent: string, lines: string[]): void {
  for (const item of directives) {
    const words = [item.name, ...item.args].map((word) => printWord(word, item)).join(' ');
    if (item.block === undefined) {
      lines.push(`${indent}${words};`);
    } else {
      lines.push(`${indent}${words} {`);
      print(item.block, `${indent}    `, lines);
      lines.push(`${indent}}`);
    }
  }
}

function printWord(word: string, item: Directive): string {
  if (word === '' || word.includes('\0')) throw new ConfError(item.file, item.line, 'a word that no conf can hold');
  if (!needsQuotes(word)) return word;
  if (!word.includes('"')) return `"${word}"`;
  if (!word.includes("'")) return `'${word}'`;
  throw new ConfError(item.file, item.line, `${JSON.stringify(word)} needs quotes and contains both kinds`);
}

function needsQuotes(word: string): boolean {
  const first = word[0] as string;
  if (first === '"' || first === "'" || first === '#' || first === '}' || first === '\uFEFF') return true;
  for (const char of word) if (isConfSpace(char) || char === ';' || char === '{') return true;
  return false;
}
