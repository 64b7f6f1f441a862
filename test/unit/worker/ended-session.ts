import type { EndedSession } from '@dolphin/protocol';

/** Session `n` of a pod, told apart from another's by its id. */
export function endedSession(n: number, over: Partial<EndedSession> = {}): EndedSession {
  return {
    ...{ n, id: `a-${n}`, protocol: 'rtmp', address: '192.0.2.1', edge: 'stream-0', via: null },
    ...{ stream: '/live/livestream', use: 'play', end: 'client-left' },
    ...{ acceptedAt: '2026-11-21T10:00:00.000Z', endedAt: '2026-11-21T10:01:00.000Z' },
    ...{ sentBytes: 1000, receivedBytes: 10, ...over },
  };
}
