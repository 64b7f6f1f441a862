import { closeSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ConfigError } from './config-error.js';
import { isTree, type Tree } from './config-tree.js';

const require = createRequire(import.meta.url);

/** The largest configuration that a person writes is a few KB; /dev/zero has no end. */
const MAX_BYTES = 1024 * 1024;

/** A YAML file as a tree, and the line (from 1) at which a field stands. Throws ConfigError with file and line. */
export function readYaml(file: string): { tree: Tree; lineOf: (path: readonly string[]) => number | undefined } {
  let text: string;
  try {
    text = readBounded(file);
  } catch (error) {
    throw new ConfigError({ file }, error instanceof Error ? error.message : String(error), { cause: error });
  }
  // Loaded where there is a file only: it is a fifth of what a process without one would load.
  const { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } = require('yaml') as typeof import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const bad = document.errors[0];
  if (bad) throw new ConfigError({ file, line: lines.linePos(bad.pos[0]).line }, bad.message, { cause: bad });
  const tree: unknown = document.toJS({ maxAliasCount: 100 }) ?? {};
  if (!isTree(tree)) throw new ConfigError({ file, line: 1 }, 'wants fields with values at its top');
  // The nearest field that the file has: a missing one is reported at its parent.
  const lineOf = (path: readonly string[]) => {
    let node: unknown = document.contents;
    let offset: number | undefined;
    for (const name of path) {
      const item = isSeq(node) ? node.items[Number(name)] : undefined;
      if (isNode(item)) {
        offset = item.range?.[0] ?? offset;
        node = item;
        continue;
      }
      if (!isMap(node)) break;
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === name);
      if (!pair) break;
      if (isScalar(pair.key)) offset = pair.key.range?.[0];
      node = pair.value;
    }
    return offset === undefined ? undefined : lines.linePos(offset).line;
  };
  return { tree, lineOf };
}

/** What is read may be a pipe: its size is not known before its end. */
function readBounded(file: string): string {
  const buffer = Buffer.alloc(MAX_BYTES + 1);
  const fd = openSync(file, 'r');
  try {
    let length = 0;
    for (let read = -1; read !== 0 && length <= MAX_BYTES; length += read)
      read = readSync(fd, buffer, length, buffer.length - length, null);
    if (length > MAX_BYTES) throw new RangeError(`larger than ${MAX_BYTES} bytes`);
    return buffer.toString('utf8', 0, length);
  } finally {
    closeSync(fd);
  }
}
