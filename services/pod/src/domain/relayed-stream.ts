import { MAX_STREAM_CHARS } from '@dolphin/protocol';

const STREAM_REQUEST = /^[A-Z]{1,16} (?:https?:\/\/[^/?#]*)?(\/[^?# ]+)\.(?:flv|m3u8)(?:\?[^ ]*)? HTTP\//i;

/**
 * The stream that an HTTP request asks for: `/live/a.flv` and `/live/a.m3u8` are `/live/a`, as SRS's API names it. Null: no such path. The
 * vhost is not known here: only the edge's conf says which Host header is one.
 */
export function streamOfRequest(head: Buffer): string | null {
  const path = STREAM_REQUEST.exec(head.toString('latin1', 0, Math.max(0, head.indexOf(10))))?.[1];
  if (path === undefined) return null;
  let stream: string;
  try {
    stream = decodeURIComponent(path);
  } catch {
    return null;
  }
  // What a person reads in a list must be one line.
  for (const char of stream) if (char < ' ' || char === '\u007f') return null;
  return stream.length > MAX_STREAM_CHARS ? null : stream;
}
