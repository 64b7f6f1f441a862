import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { Admission } from '@dolphin/edge/app/admission.js';
import { Clients } from '@dolphin/edge/app/clients.js';
import { hlsRoute } from '@dolphin/edge/app/hls-route.js';
import { HlsSessions } from '@dolphin/edge/app/hls-sessions.js';
import { HlsStreams } from '@dolphin/edge/app/hls-streams.js';
import { HookCalls, type PostHook } from '@dolphin/edge/app/hook-calls.js';
import type { HttpRequest } from '@dolphin/edge/app/http-routes.js';
import { noTrouble } from '@dolphin/edge/app/server.js';
import { Streams } from '@dolphin/edge/app/streams.js';
import type { UpstreamEvents } from '@dolphin/edge/app/upstream.js';
import type { HttpAnswer } from '@dolphin/edge/domain/http-answer.js';
import { readSettings } from '@dolphin/edge/domain/settings.js';
import { MessageType, type RtmpMessage } from '@dolphin/media';
import { parseConf } from '@dolphin/srs';
import * as m from '../media/ts-messages.js';

const FIRST = 1000;
export const KEY = m.avcFrame([Buffer.from([0x65, 1])], { key: true });
export const message = (payload: Buffer, timestamp: number): RtmpMessage => ({
  typeId: MessageType.video,
  timestamp,
  streamId: 1,
  payload,
});

/** An edge with HLS, in a time that passes when the test says so. */
export function hlsEdge(
  o: { hls?: string; access?: string; hookAnswer?: string; origin?: boolean; maxConnections?: number } = {},
) {
  const cluster = o.origin === false ? 'cluster { mode remote; origin o:1; }' : '';
  const conf = `listen 1; vhost __defaultVhost__ { ${cluster} hls { enabled on; hls_fragment 2; ${o.hls ?? ''} } ${o.access ?? ''} }`;
  const { settings } = readSettings(parseConf(conf, 'edge.conf'));
  const vhost = settings.vhosts.get('__defaultVhost__')!;
  let nowMs = 0;
  const due = new Set<{ at: number; fn: () => void }>();
  const timers = {
    now: () => nowMs,
    after: (ms: number, fn: () => void) => {
      const one = { at: nowMs + ms, fn };
      due.add(one);
      return () => due.delete(one);
    },
  };
  const pass = async (ms: number) => {
    const end = nowMs + ms;
    for (;;) {
      const next = [...due].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      due.delete(next);
      nowMs = next.at;
      next.fn();
      await Promise.resolve();
    }
    nowMs = end;
    await new Promise((resolve) => setImmediate(resolve));
  };
  const upstreams: { events: UpstreamEvents; closed: boolean }[] = [];
  const log = { info: () => undefined, warn: () => undefined, debug: () => undefined };
  const dial = (_: unknown, events: UpstreamEvents) => {
    const one = { events, closed: false };
    upstreams.push(one);
    return {
      close: () => {
        one.closed = true;
      },
      send: () => true,
    };
  };
  const clients = new Clients(o.maxConnections ?? 10);
  const random = Math.random;
  const trouble = noTrouble();
  const hls = new HlsStreams({ timers, unixSeconds: () => FIRST, trouble });
  const hooks: { action: string; client_id: string }[] = [];
  /** What answers those hooks that were asked to answer late. */
  const late: ((text: string) => void)[] = [];
  const post: PostHook = (_, body, onAnswer) => {
    hooks.push(JSON.parse(body));
    const answer = (text: string) => onAnswer({ status: 200, body: text });
    if (o.hookAnswer === 'late') late.push(answer);
    else answer(o.hookAnswer ?? '0');
    return () => undefined;
  };
  const calls = new HookCalls({ post, timers, log, onDropped: () => undefined, onCrowded: () => undefined });
  const server = { serverId: 'edge', serviceId: 'life' };
  const admission = new Admission({ server, calls, showToken: async () => ({ is: 'accepted' }) });
  const streams = new Streams({
    serverId: 'edge',
    serviceId: 'life',
    chunkSize: 60_000,
    pull: { dial, timers, log, random },
    tapsOf: (key, of) => hls.tapsOf(key, of),
    trouble,
  });
  const sessions = new HlsSessions({ clients, timers, random });
  const route = hlsRoute({ settings: () => settings, streams, hls, sessions, admission, trouble, gzip: gzipSync });
  const begin = (url: string, headers: Record<string, string> = {}, method: HttpRequest['method'] = 'GET') => {
    const [path = '', query = ''] = url.split('?');
    const header = (name: string) => headers[name] ?? '';
    const outcome = route({ method, path, query, host: 'h', address: '192.0.2.1', header });
    if (outcome?.is !== 'answer' && outcome?.is !== 'late') assert.fail('the path is no address of HLS');
    return outcome;
  };
  const ask = async (...asked: Parameters<typeof begin>) => await begin(...asked).answer;
  const key = { vhost: vhost.name, app: 'live', stream: 's' };
  const publish = () => {
    const publisher = {
      id: 'p',
      ready: () => undefined,
      resume: () => undefined,
      look: () => false,
      end: () => undefined,
    };
    const path = streams.publish({ key, settings: vhost, query: '', hops: [] }, publisher);
    assert.ok(typeof path === 'object');
    return path;
  };
  const playElsewhere = () =>
    streams.hold({ key, settings: vhost, query: '', hops: [], address: '192.0.2.2', isEdge: false });
  return { begin, ask, pass, publish, clients, upstreams, streams, playElsewhere, hooks, late };
}

/** A header, and a key frame a second. */
export const media = (fromMs: number, toMs: number) => {
  const keys = Array.from({ length: (toMs - fromMs) / 1000 + 1 }, (_, i) => message(KEY, fromMs + i * 1000));
  return [message(m.avcHeader, fromMs), ...keys];
};
export const textOf = (answer: HttpAnswer) => answer.body?.toString() ?? '';
export const addressesIn = (answer: HttpAnswer) =>
  textOf(answer)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
