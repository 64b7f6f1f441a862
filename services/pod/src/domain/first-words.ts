import { parseProxyV2 } from './proxy-v2.js';
import { requestStream } from './request-stream.js';

/** What the pod has to read of a client before it can give it to an edge. */
export interface Wanted {
  /** Its peer is a front of ours, which tells the client's address first. */
  readonly proxyHeader: boolean;
  /** The head of its request, for what it asks for. */
  readonly stream: boolean;
  readonly vhosts: ReadonlySet<string>;
}

export type RefusedWords = 'proxy-header-bad' | 'request-bad' | 'unasked-bytes';

export type FirstWords =
  | { readonly type: 'more' }
  | {
      readonly type: 'known';
      /** As its front told; null: the socket's own. */
      readonly address: string | null;
      readonly stream: string | null;
      /** It asks for what an http edge serves. */
      readonly isHls: boolean;
      /** All that was read and belongs to the edge. */
      readonly head: Buffer;
    }
  /** `status` of the answer, where the protocol has one. */
  | { readonly type: 'refused'; readonly reason: RefusedWords; readonly status: number; readonly why: string };

/**
 * What may be read of a client by then: a head of 8 KiB, and as much of what follows in the same read. A player waits
 * for an answer before it says more, a publisher of RTMP too (1,537 bytes). It is held in memory until the edge has it.
 */
export const MAX_FIRST_BYTES = 16 * 1024;

/** `input`: all that the client sent so far. */
export function readFirstWords(input: Buffer, wanted: Wanted): FirstWords {
  let address: string | null = null;
  let rest = input;
  if (wanted.proxyHeader) {
    const header = parseProxyV2(input);
    if (header.type === 'more') return header;
    if (header.type === 'bad') return { type: 'refused', reason: 'proxy-header-bad', status: 400, why: header.why };
    address = header.address;
    rest = input.subarray(header.bytes);
  }
  let stream: string | null = null;
  let isHls = false;
  if (wanted.stream) {
    const request = requestStream(rest, wanted.vhosts);
    if (request.type === 'more') return request;
    if (request.type === 'bad') return { ...request, type: 'refused', reason: 'request-bad' };
    stream = request.stream;
    isHls = request.isHls;
  }
  if (rest.length > MAX_FIRST_BYTES) {
    return { type: 'refused', reason: 'unasked-bytes', status: 413, why: `more than ${MAX_FIRST_BYTES} bytes at once` };
  }
  return { type: 'known', address, stream, isHls, head: rest };
}
