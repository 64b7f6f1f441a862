/** Configuration before it is parsed: nested fields of unknown values. */
export type Tree = Record<string, unknown>;

/** `over` wins, field by field; lists are replaced whole. */
export function merge(under: Tree, over: Tree): Tree {
  const merged: Tree = { ...under };
  for (const [name, value] of Object.entries(over)) {
    const below = merged[name];
    merged[name] = isTree(below) && isTree(value) ? merge(below, value) : value;
  }
  return merged;
}

/** Whether the tree sets the field at `path`, or something above it. */
export function has(tree: Tree, path: readonly string[]): boolean {
  let at: unknown = tree;
  for (const part of path) {
    if (!isTree(at)) return true;
    if (!Object.hasOwn(at, part)) return false;
    at = at[part];
  }
  return true;
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
