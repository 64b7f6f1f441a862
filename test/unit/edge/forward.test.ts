import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noTrouble } from '@dolphin/edge/app/server.js';
import { Streams } from '@dolphin/edge/app/streams.js';
import type { UpstreamEvents } from '@dolphin/edge/app/upstream.js';
import { readSettings } from '@dolphin/edge/domain/settings.js';
import { MessageType, type RtmpMessage } from '@dolphin/media';
import { parseConf } from '@dolphin/srs';

const { settings } = readSettings(
  parseConf('listen 1; vhost __defaultVhost__ { cluster { mode remote; origin 127.0.0.1:2; } }', 'edge.conf'),
);
const vhost = settings.vhosts.get('__defaultVhost__')!;
const frame = (timestamp: number): RtmpMessage => ({
  typeId: MessageType.video,
  timestamp,
  streamId: 1,
  payload: Buffer.from([0x17, 0, 0, 0, 0]),
});

/** A publish on an edge, whose upstream does as the test says. */
function forward(o: { upstreamTakes: boolean }) {
  const sent: number[] = [];
  const payloads: Buffer[] = [];
  const told: string[] = [];
  let upstream: UpstreamEvents | null = null;
  const noTimers = { now: () => 0, after: () => () => undefined };
  const log = { info: () => undefined, warn: () => undefined, debug: () => undefined };
  const dial = (_: unknown, events: UpstreamEvents) => {
    upstream = events;
    return {
      close: () => undefined,
      send: (messages: readonly RtmpMessage[]) => {
        sent.push(...messages.map(({ timestamp }) => timestamp));
        payloads.push(...messages.map(({ payload }) => payload));
        return o.upstreamTakes;
      },
    };
  };
  const streams = new Streams({
    serverId: 'edge',
    serviceId: 'life',
    chunkSize: 60_000,
    pull: { dial, timers: noTimers, log, random: () => 0.5 },
    tapsOf: () => [],
    trouble: noTrouble(),
  });
  const path = streams.publish(
    { key: { vhost: vhost.name, app: 'live', stream: 'up' }, settings: vhost, query: '', hops: [] },
    {
      id: 'publisher',
      ready: () => told.push('ready'),
      resume: () => told.push('resume'),
      look: () => false,
      end: () => told.push('end'),
    },
  );
  assert.ok(typeof path === 'object' && upstream !== null);
  return { path, sent, payloads, told, upstream: upstream as UpstreamEvents };
}

describe('a publisher that sends before its upstream agreed', () => {
  it('loses nothing, and waits meanwhile', () => {
    const { path, sent, told, upstream } = forward({ upstreamTakes: true });
    assert.equal(path.media([frame(0), frame(40)]), false);
    assert.deepEqual([sent, told], [[], []]);
    upstream.started();
    assert.deepEqual(
      [sent, told],
      [
        [0, 40],
        ['ready', 'resume'],
      ],
    );
    assert.equal(path.media([frame(80)]), true);
    assert.deepEqual(sent, [0, 40, 80]);
  });

  it('may use the memory of what it sent again', () => {
    const { path, payloads, upstream } = forward({ upstreamTakes: true });
    const early = frame(0);
    path.media([early]);
    early.payload.fill(0xff);
    upstream.started();
    assert.deepEqual(payloads, [frame(0).payload]);
  });

  it('waits on when the upstream is behind from the start', () => {
    const { path, told, upstream } = forward({ upstreamTakes: false });
    path.media([frame(0)]);
    upstream.started();
    assert.deepEqual(told, ['ready']);
    upstream.drained();
    assert.deepEqual(told, ['ready', 'resume']);
  });
});
