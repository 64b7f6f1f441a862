import type { NumberedSegment } from './hls-window.js';

export interface PlaylistContent {
  readonly segments: readonly NumberedSegment[];
  readonly discontinuitiesBefore: number;
  readonly targetSeconds: number;
}

/**
 * A live media playlist (RFC 8216), with the tags that SRS writes. It never ends: who publishes may come again, and
 * SRS's has no end, either. `addressOf` gives a segment's address.
 */
export function mediaPlaylist(content: PlaylistContent, addressOf: (segment: number) => string): string {
  const { segments, discontinuitiesBefore, targetSeconds } = content;
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:3',
    `#EXT-X-MEDIA-SEQUENCE:${segments[0]?.number ?? 0}`,
    `#EXT-X-TARGETDURATION:${targetSeconds}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${discontinuitiesBefore}`,
  ];
  for (const { number, durationMs, discontinuity } of segments) {
    if (discontinuity) lines.push('#EXT-X-DISCONTINUITY');
    lines.push(`#EXTINF:${(durationMs / 1000).toFixed(3)}, no desc`, addressOf(number));
  }
  return `${lines.join('\n')}\n`;
}

/** What a viewer gets first: the address of its own playlist. As SRS, of whose rates nobody knows anything yet. */
export function masterPlaylist(address: string): string {
  return `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,AVERAGE-BANDWIDTH=1\n${address}\n`;
}
