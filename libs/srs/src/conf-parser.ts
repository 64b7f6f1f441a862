import { ConfError, type Directive, isConfSpace } from './conf-tree.js';

/** A conf is written by people; full.conf of SRS has 90 kB. In UTF-16 units, of all included files together. */
export const MAX_CONF_CHARS = 1024 * 1024;
/** Blocks in blocks; SRS itself knows five levels. Bounds the recursion of parser, printer and renderer. */
export const MAX_CONF_DEPTH = 16;
/** Bounds what a conf of many tiny directives costs in memory. */
export const MAX_CONF_DIRECTIVES = 50_000;

/**
 * Reads a conf as SrsConfDirective::read_token of SRS does (srs_app_config.cpp, after nginx): words end at a space,
 * `;` or `{`; quotes, `#` and `}` mean something only where a word begins; there are no escapes, and an empty quoted
 * word is dropped. `include` stays a plain directive here: loadConf follows it.
 * Throws ConfError.
 */
export function parseConf(text: string, file: string): Directive[] {
  if (text.length > MAX_CONF_CHARS)
    throw new ConfError(file, 1, `the conf is longer than ${MAX_CONF_CHARS} characters`);
  const words = new WordReader(text, file);
  const root: Directive[] = [];
  /** The blocks around the current place, innermost last, each with the directive that opened it. */
  const open: { block: Directive[]; opener: Directive }[] = [];
  let count = 0;

  for (;;) {
    const { args, line, end } = words.next();
    const block = open.at(-1)?.block ?? root;
    if (end === 'eof') {
      const unclosed = open.at(-1)?.opener;
      if (unclosed !== undefined) {
        throw new ConfError(
          file,
          words.line,
          `unexpected end of file: "${unclosed.name}" of line ${unclosed.line} lacks its "}"`,
        );
      }
      return root;
    }
    if (end === 'block-end') {
      if (open.pop() === undefined) throw new ConfError(file, line, 'unexpected "}"');
      continue;
    }
    const name = args.shift();
    if (name === undefined) throw new ConfError(file, line, 'a directive without a name');
    if (++count > MAX_CONF_DIRECTIVES) throw new ConfError(file, line, `more than ${MAX_CONF_DIRECTIVES} directives`);
    const made: Directive = { name, args, file, line };
    block.push(made);
    if (end === 'block-start') {
      if (name === 'include') throw new ConfError(file, line, 'include takes files, not a block');
      if (open.length === MAX_CONF_DEPTH)
        throw new ConfError(file, line, `blocks are nested deeper than ${MAX_CONF_DEPTH}`);
      made.block = [];
      open.push({ block: made.block, opener: made });
    }
  }
}

type End = 'semicolon' | 'block-start' | 'block-end' | 'eof';

/** Splits the text into the words of one directive at a time, and says what ended them. */
class WordReader {
  line = 1;
  readonly #text: string;
  readonly #file: string;
  #at = 0;

  constructor(text: string, file: string) {
    this.#text = text.startsWith('\uFEFF') ? text.slice(1) : text;
    this.#file = file;
    const nul = this.#text.indexOf('\0');
    // SRS ends a word at a NUL (C strings): what is behind it would silently not count.
    if (nul >= 0) throw new ConfError(file, this.#text.slice(0, nul).split('\n').length, 'a NUL byte');
  }

  next(): { args: string[]; line: number; end: End } {
    const args: string[] = [];
    let line = 0;
    for (;;) {
      this.#skipSpaceAndComments();
      const char = this.#text[this.#at];
      if (line === 0) line = this.line;
      if (char === undefined) {
        if (args.length > 0) throw this.#error('unexpected end of file, expecting ";" or "{"');
        return { args, line, end: 'eof' };
      }
      if (char === ';' || char === '{' || char === '}') {
        if (char === '}' ? args.length > 0 : args.length === 0) throw this.#error(`unexpected "${char}"`);
        this.#at++;
        return { args, line, end: char === ';' ? 'semicolon' : char === '{' ? 'block-start' : 'block-end' };
      }
      const word = char === '"' || char === "'" ? this.#quoted(char) : this.#bare();
      if (word !== '') args.push(word);
    }
  }

  #skipSpaceAndComments(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at] as string;
      if (char === '\n') this.line++;
      else if (char === '#') {
        const end = this.#text.indexOf('\n', this.#at);
        // On the character before the line end, so that the loop counts the line.
        this.#at = end < 0 ? this.#text.length : end - 1;
      } else if (!isConfSpace(char)) return;
    }
  }

  #quoted(quote: string): string {
    const end = this.#text.indexOf(quote, this.#at + 1);
    if (end < 0) throw this.#error(`unexpected end of file, expecting ${quote}`);
    const word = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    for (const char of word) if (char === '\n') this.line++;
    const after = this.#text[this.#at];
    if (after !== undefined && !isConfSpace(after) && after !== ';' && after !== '{') {
      throw this.#error(`unexpected "${after}" after ${quote}`);
    }
    return word;
  }

  #bare(): string {
    const start = this.#at;
    for (; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at] as string;
      if (isConfSpace(char) || char === ';' || char === '{') break;
    }
    return this.#text.slice(start, this.#at);
  }

  #error(why: string): ConfError {
    return new ConfError(this.#file, this.line, why);
  }
}
