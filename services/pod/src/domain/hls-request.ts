const TARGET = /^[A-Z]{1,16} (?:https?:\/\/[^/?#]*)?([^?# ]*)/i;

/** Whether the HTTP request that begins with these bytes is one for the http edge: for a playlist or a segment of HLS. */
export function asksForHls(head: Buffer): boolean {
  const line = head.toString('latin1', 0, Math.max(0, head.indexOf(10)));
  return isHlsPath(TARGET.exec(line)?.[1] ?? '');
}

/** `path`: without query. By its end alone: which files there are, the edge knows. */
export function isHlsPath(path: string): boolean {
  return /\.(?:m3u8|ts)$/.test(unescaped(path));
}

/** Bytes by their escapes, not characters: what is no UTF-8 names something as well. */
export function unescaped(path: string): string {
  return path.replace(/%([0-9a-fA-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
