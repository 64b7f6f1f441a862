import { type ConfView, type Directive, directive } from '@dolphin/srs';

/** Where SRS writes segments, below the edge's own directory, and serves them from. The built-in edge has them in memory. */
const HLS_DIR = './objs/nginx/html';
/** Where a conf would have an edge write elsewhere: two edges that write one file would break it for both. */
const MANAGED_HLS: ReadonlySet<string> = new Set(['hls_path', 'hls_storage', 'hls_mount']);

/** What an http edge serves files from, in place of the user's `http_server.dir`. */
export function httpRoleDir(): Directive {
  return directive('dir', [HLS_DIR]);
}

/**
 * Where the user's conf has no hls. Its first viewer waits until a segment is whole, which with SRS's 10 s is longer than
 * players do; the window lets one that lost its way catch up.
 */
const DEFAULT_HLS = [directive('enabled', ['on']), directive('hls_fragment', ['2']), directive('hls_window', ['30'])];

/** As the user's conf has it, and where it has none, all the same, because the edge is there for it. */
export function hlsOf(vhost: ConfView): Directive {
  const hls = vhost.find('hls');
  const kept = (hls?.block ?? DEFAULT_HLS).filter(({ name }) => !MANAGED_HLS.has(name));
  return { ...(hls ?? directive('hls', [])), block: [...kept, directive('hls_path', [HLS_DIR])] };
}
