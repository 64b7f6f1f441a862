import { isTree, type Tree } from './config-tree.js';

export interface Environment {
  tree: Tree;
  /** What each field's variable said, by dotted path. */
  texts: ReadonlyMap<string, string>;
}

/**
 * The variables that begin with `prefix` and name one of `fields`, as a tree: PREFIX_STATE_DIR is `stateDir`, PREFIX_A__B is `a.b`.
 * Values that read as a number, a boolean or a JSON list are that; the schema has the last word.
 */
export function fromEnvironment(env: NodeJS.ProcessEnv, prefix: string, fields: readonly string[]): Environment {
  const tree: Tree = {};
  const texts = new Map<string, string>();
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(prefix) || value === undefined) continue;
    const path = name.slice(prefix.length).split('__').map(camelCase);
    if (path[0] === undefined || !fields.includes(path[0])) continue;
    let at = tree;
    for (const part of path.slice(0, -1)) {
      const existing = at[part];
      const next: Tree = isTree(existing) ? existing : {};
      at[part] = next;
      at = next;
    }
    const last = path.at(-1);
    if (last !== undefined) at[last] = scalar(value);
    texts.set(path.join('.'), value);
  }
  return { tree, texts };
}

function camelCase(name: string): string {
  return name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function scalar(text: string): unknown {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^[[{]/.test(text)) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return text;
    }
  }
  return text;
}
