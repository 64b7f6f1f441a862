/**
 * One directive of an SRS conf: `name arg arg;` or `name arg { … }`. `block` is there, perhaps empty, exactly when
 * the text had braces. `file` and `line` (from 1) say where it was read, for error messages.
 */
export interface Directive {
  name: string;
  args: string[];
  block?: Directive[];
  file: string;
  line: number;
}

/** A conf that cannot be used; its message is `file:line: why`. */
export class ConfError extends Error {
  override readonly name = 'ConfError';
  readonly file: string;
  readonly line: number;
  readonly why: string;

  constructor(file: string, line: number, why: string, options?: ErrorOptions) {
    super(`${file}:${line}: ${why}`, options);
    this.file = file;
    this.line = line;
    this.why = why;
  }
}

/** The first directive of that name, as SRS takes it; undefined when there is none. */
export function findDirective(list: readonly Directive[] | undefined, name: string): Directive | undefined {
  return list?.find((directive) => directive.name === name);
}

/** A directive without a place in a file, for confs that are rendered. */
export function directive(name: string, args: readonly string[] = [], block?: Directive[]): Directive {
  const made: Directive = { name, args: [...args], file: '<rendered>', line: 0 };
  if (block !== undefined) made.block = block;
  return made;
}

/** SRS's separators: nothing else ends a word, so that a tab or a CR does, and a no-break space does not. */
export function isConfSpace(char: string): boolean {
  return char === ' ' || char === '\t' || char === '\r' || char === '\n';
}
