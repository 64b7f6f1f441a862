import { MAX_CONF_CHARS, MAX_CONF_DEPTH, MAX_CONF_DIRECTIVES, parseConf } from './conf-parser.js';
import { ConfError, type Directive } from './conf-tree.js';

/** Files that one conf may include, counted each time: a fork bomb of includes ends here. */
export const MAX_INCLUDES = 256;

/**
 * Reads a conf and puts the contents of each `include FILE …;` in its place, at any depth, as SRS does. Paths go to
 * `readFile` as they are written: SRS takes them relative to the working directory, not to the including file.
 * A file that readFile throws for, and one that includes itself, is a ConfError at the line of the include.
 */
export function loadConf(path: string, readFile: (path: string) => string): Directive[] {
  const budget = { chars: MAX_CONF_CHARS, includes: MAX_INCLUDES, directives: MAX_CONF_DIRECTIVES };
  const load = (file: string, from: { file: string; line: number }, chain: readonly string[], depth: number) => {
    if (chain.includes(file)) throw new ConfError(from.file, from.line, `${file} includes itself`);
    let text: string;
    try {
      text = readFile(file);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ConfError(from.file, from.line, `cannot read ${file}: ${why}`, { cause });
    }
    budget.chars -= text.length;
    if (budget.chars < 0) throw new ConfError(from.file, from.line, `more than ${MAX_CONF_CHARS} characters in all`);
    return expand(parseConf(text, file), [...chain, file], depth);
  };
  const expand = (list: readonly Directive[], chain: readonly string[], depth: number): Directive[] => {
    const out: Directive[] = [];
    for (const item of list) {
      if (--budget.directives < 0)
        throw new ConfError(item.file, item.line, `more than ${MAX_CONF_DIRECTIVES} directives`);
      if (item.name === 'include') {
        if (item.args.length === 0) throw new ConfError(item.file, item.line, 'include names no file');
        for (const file of item.args) {
          if (--budget.includes < 0) throw new ConfError(item.file, item.line, `more than ${MAX_INCLUDES} includes`);
          for (const included of load(file, item, chain, depth)) out.push(included);
        }
      } else if (item.block !== undefined) {
        if (depth === MAX_CONF_DEPTH) {
          throw new ConfError(item.file, item.line, `blocks are nested deeper than ${MAX_CONF_DEPTH}`);
        }
        out.push({ ...item, block: expand(item.block, chain, depth + 1) });
      } else {
        out.push(item);
      }
    }
    return out;
  };
  return load(path, { file: path, line: 1 }, [], 0);
}
