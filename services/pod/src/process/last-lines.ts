import { type FileHandle, open } from 'node:fs/promises';

const FEED = 10;

/**
 * The last lines of a log that goes on from file to file, `paths` from the newest on: at most so many lines, and so many
 * bytes of them. A line that is longer than `bytes` alone is cut at its front. Bytes are given as they are. Files that
 * are not there are passed over.
 */
export async function lastLines(paths: readonly string[], o: { lines: number; bytes: number }): Promise<Buffer> {
  const files = await Promise.all(paths.map((path) => open(path, 'r').catch(() => null)));
  try {
    const parts: Buffer[] = [];
    let left = o.bytes;
    for (const file of files) {
      if (file === null || left <= 0) continue;
      const part = await readEnd(file, left);
      parts.unshift(part);
      left -= part.length;
    }
    return cutLines(Buffer.concat(parts), o.lines, left <= 0);
  } finally {
    await Promise.all(files.map((file) => file?.close()));
  }
}

async function readEnd(file: FileHandle, bytes: number): Promise<Buffer> {
  const { size } = await file.stat();
  const length = Math.min(bytes, size);
  const end = Buffer.alloc(length);
  const { bytesRead } = await file.read(end, 0, length, size - length);
  return end.subarray(0, bytesRead);
}

/** `torn`: the text may begin in the middle of a line, which is left out if there is another. */
function cutLines(text: Buffer, lines: number, torn: boolean): Buffer {
  if (lines <= 0) return Buffer.alloc(0);
  let from = text.length;
  let found = 0;
  // A feed at the very end ends the last line, and begins none.
  for (let at = text.length - 2; at >= 0; at--) {
    if (text[at] !== FEED) continue;
    from = at + 1;
    found += 1;
    if (found === lines) return text.subarray(from);
  }
  return torn && found > 0 ? text.subarray(from) : text;
}
