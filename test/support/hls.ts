import assert from 'node:assert/strict';
import { DEADLINE_MS } from './eventually.js';

/** A media playlist, as a player reads it. */
export interface Playlist {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly sequence: number;
  readonly targetSeconds: number;
  readonly segments: readonly { readonly url: string; readonly seconds: number; readonly discontinuity: boolean }[];
}

export async function get(url: string, init: RequestInit = {}): Promise<Response> {
  return await fetch(url, { signal: AbortSignal.timeout(DEADLINE_MS), ...init });
}

/** The address of a viewer's own playlist: of the one that a playlist for everybody names. */
export async function ownPlaylist(url: string): Promise<string> {
  const text = await (await get(url)).text();
  const line = text.split('\n').find((each) => each !== '' && !each.startsWith('#'));
  assert.match(text, /#EXT-X-STREAM-INF/, `a playlist of playlists: ${text}`);
  return new URL(line ?? '', url).href;
}

export async function readPlaylist(url: string, init: RequestInit = {}): Promise<Playlist> {
  const { status, headers, ...response } = await get(url, init).then(async (answer) => ({
    status: answer.status,
    headers: answer.headers,
    text: await answer.text(),
  }));
  const number = (tag: string) => Number(new RegExp(`^#EXT-X-${tag}:(\\d+)$`, 'm').exec(response.text)?.[1]);
  const segments: { url: string; seconds: number; discontinuity: boolean }[] = [];
  let discontinuity = false;
  let seconds = 0;
  for (const line of response.text.split('\n')) {
    if (line === '#EXT-X-DISCONTINUITY') discontinuity = true;
    else if (line.startsWith('#EXTINF:')) seconds = Number.parseFloat(line.slice(8));
    else if (line !== '' && !line.startsWith('#')) {
      segments.push({ url: new URL(line, url).href, seconds, discontinuity });
      discontinuity = false;
    }
  }
  const targetSeconds = number('TARGETDURATION');
  return { status, headers, text: response.text, sequence: number('MEDIA-SEQUENCE'), targetSeconds, segments };
}
