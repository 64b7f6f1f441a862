/** An import of a source file, as it is written. */
export interface ScannedImport {
  readonly specifier: string;
  /** `import type …` and `export type … from`: gone after compilation. */
  readonly typeOnly: boolean;
  readonly line: number;
}

export interface ScannedSource {
  readonly imports: readonly ScannedImport[];
  /** The code without comments, strings and regular expressions, tokens joined by one space. */
  readonly code: string;
}

interface Token {
  readonly kind: 'word' | 'string' | 'punctuation';
  readonly text: string;
  readonly line: number;
}

/**
 * Finds what a TypeScript file imports: static, side-effect, dynamic and re-exported. Its own small tokenizer, so that
 * the rules of the repository do not rest on a compiler's private API. A dynamic import of something that is no string
 * literal has the specifier `<computed>`.
 */
export function scanImports(text: string): ScannedSource {
  const tokens = tokenize(text);
  const imports: ScannedImport[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] as Token;
    if (token.kind !== 'word' || tokens[at - 1]?.text === '.') continue;
    const found =
      token.text === 'import' || token.text === 'export' || token.text === 'require'
        ? specifierAfter(tokens, at)
        : null;
    if (found) imports.push({ ...found, line: token.line });
  }
  return { imports, code: tokens.map((token) => (token.kind === 'string' ? '""' : token.text)).join(' ') };
}

function specifierAfter(tokens: readonly Token[], at: number): { specifier: string; typeOnly: boolean } | null {
  const keyword = tokens[at]?.text;
  const next = tokens[at + 1];
  if (!next) return null;
  if (next.text === '(' && keyword !== 'export') {
    const argument = tokens[at + 2];
    return { specifier: argument?.kind === 'string' ? argument.text : '<computed>', typeOnly: false };
  }
  if (keyword === 'require' || next.text === '.') return null;
  if (keyword === 'import' && next.kind === 'string') return { specifier: next.text, typeOnly: false };
  const typeOnly = next.text === 'type' && tokens[at + 2]?.text !== 'from' && tokens[at + 2]?.text !== '=';
  const start = typeOnly ? at + 2 : at + 1;
  if (keyword === 'export' && tokens[start]?.text !== '{' && tokens[start]?.text !== '*') return null;
  // Names, braces, commas and stars stand between the keyword and `from`; anything else ends the search.
  for (let i = start; i < tokens.length; i++) {
    const token = tokens[i] as Token;
    if (token.text === 'from' && tokens[i + 1]?.kind === 'string') {
      return { specifier: (tokens[i + 1] as Token).text, typeOnly };
    }
    if (token.kind === 'string' || (token.kind === 'punctuation' && !'{},*'.includes(token.text))) return null;
  }
  return null;
}

/** After these a slash begins a regular expression; after a word, a closing bracket or a literal it divides. */
const BEFORE_REGEXP = new Set('( , = : [ ! & | ? { } ; + - * % < > ~ ^'.split(' '));
const WORDS_BEFORE_REGEXP = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'void',
  'delete',
  'throw',
  'await',
  'yield',
]);

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  /** For each open template literal, how deep the braces of its current `${` are. */
  const templates: number[] = [];
  let line = 1;
  let at = 0;
  const push = (kind: Token['kind'], word: string) => tokens.push({ kind, text: word, line });
  const skip = (count: number) => {
    for (const end = at + count; at < end; at++) if (text[at] === '\n') line++;
  };
  const skipTemplate = () => {
    // At the first character of the template's text; ends behind its closing backquote, or behind a `${`.
    while (at < text.length) {
      if (text[at] === '\\') skip(2);
      else if (text[at] === '`') return skip(1);
      else if (text.startsWith('${', at)) {
        templates.push(0);
        return skip(2);
      } else skip(1);
    }
  };
  while (at < text.length) {
    const char = text[at] as string;
    const rest = text.slice(at, at + 2);
    const last = tokens.at(-1);
    if (/\s/.test(char)) skip(1);
    else if (rest === '//') skip(lengthUntil(text, at, '\n'));
    else if (rest === '/*') skip(lengthUntil(text, at + 2, '*/') + 4);
    else if (char === '"' || char === "'") {
      const length = stringLength(text, at);
      push('string', text.slice(at + 1, at + length - 1));
      skip(length);
    } else if (char === '`') {
      push('punctuation', '`');
      skip(1);
      skipTemplate();
    } else if (char === '/' && startsRegExp(last)) {
      push('punctuation', '/');
      skip(regExpLength(text, at));
    } else if (/[\w$#@]/.test(char)) {
      const word = /^[\w$#@]+/.exec(text.slice(at, at + 200))?.[0] ?? char;
      push('word', word);
      skip(word.length);
    } else {
      const depth = templates.length - 1;
      const open = templates[depth];
      if (char === '}' && open === 0) {
        templates.pop();
        skip(1);
        skipTemplate();
        continue;
      }
      if (open !== undefined && char === '{') templates[depth] = open + 1;
      if (open !== undefined && char === '}') templates[depth] = open - 1;
      push('punctuation', char);
      skip(1);
    }
  }
  return tokens;
}

function startsRegExp(last: Token | undefined): boolean {
  if (!last) return true;
  if (last.kind === 'punctuation') return BEFORE_REGEXP.has(last.text);
  return last.kind === 'word' && WORDS_BEFORE_REGEXP.has(last.text);
}

function lengthUntil(text: string, from: number, mark: string): number {
  const end = text.indexOf(mark, from);
  return (end < 0 ? text.length : end) - from;
}

function stringLength(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== text[from] && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1;
  return at + 1 - from;
}

function regExpLength(text: string, from: number): number {
  let at = from + 1;
  let inClass = false;
  while (at < text.length && text[at] !== '\n' && (inClass || text[at] !== '/')) {
    if (text[at] === '[') inClass = true;
    if (text[at] === ']') inClass = false;
    at += text[at] === '\\' ? 2 : 1;
  }
  return at + 1 - from;
}
