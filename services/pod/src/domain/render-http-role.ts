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
 * The media of an http edge: HLS as the user's conf has it, with SRS's defaults where it says nothing, because the edge is
 * there for it; no HTTP-FLV, which the stream edges serve.
 */
export function httpRoleMedia(vhost: ConfView): Directive[] {
  const hls = vhost.find('hls');
  const kept = (hls?.block ?? [directive('enabled', ['on'])]).filter(({ name }) => !MANAGED_HLS.has(name));
  return [
    { ...(hls ?? directive('hls', [])), block: [...kept, directive('hls_path', [HLS_DIR])] },
    directive('http_remux', [], [directive('enabled', ['off'])]),
  ];
}
