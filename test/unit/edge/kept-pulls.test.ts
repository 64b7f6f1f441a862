import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_KEPT_PULLS, PULL_GRACE_MS } from '@dolphin/edge/app/kept-pulls.js';
import { Player } from '@dolphin/edge/app/player.js';
import { noTrouble } from '@dolphin/edge/app/server.js';
import { Streams } from '@dolphin/edge/app/streams.js';
import type { UpstreamEvents } from '@dolphin/edge/app/upstream.js';
import { pullDelayMs } from '@dolphin/edge/domain/pull-rules.js';
import { readSettings } from '@dolphin/edge/domain/settings.js';
import { MessageType } from '@dolphin/media';
import { parseConf } from '@dolphin/srs';

const { settings } = readSettings(
  parseConf('listen 1; vhost __defaultVhost__ { cluster { mode remote; origin 127.0.0.1:2; } }', 'edge.conf'),
);
const vhost = settings.vhosts.get('__defaultVhost__')!;
const FRAME = { typeId: MessageType.video, timestamp: 0, streamId: 1, payload: Buffer.from([0x17, 1, 0, 0, 0]) };

/** An edge whose pulls and time are the test's. */
function edge() {
  const pulls: { stream: string; port: number; events: UpstreamEvents; open: boolean }[] = [];
  const due: { ms: number; fn: () => void }[] = [];
  const timers = {
    now: () => 0,
    after: (ms: number, fn: () => void) => {
      const entry = { ms, fn };
      due.push(entry);
      return () => {
        const at = due.indexOf(entry);
        if (at >= 0) due.splice(at, 1);
      };
    },
  };
  const log = { info: () => undefined, warn: () => undefined, debug: () => undefined };
  const streams = new Streams({
    ...{ serverId: 'edge', serviceId: 'life', chunkSize: 60_000, tapsOf: () => [], trouble: noTrouble() },
    pull: {
      ...{ timers, log, random: () => 0.5 },
      dial: ({ stream, origin }, events) => {
        const pull = { stream, port: origin.port, events, open: true };
        pulls.push(pull);
        const close = () => {
          pull.open = false;
        };
        return { close, send: () => true };
      },
    },
  });
  const play = (stream: string) => {
    const key = { vhost: vhost.name, app: 'live', stream };
    const sink = { writableLength: 0, write: () => true, cork: () => undefined, uncork: () => undefined };
    const nothing = () => undefined;
    const host = { pendingBytes: () => 0, tooSlow: nothing, playedOut: nothing, jumped: nothing };
    const player = new Player({ form: 'rtmp', sink, host });
    const who = { query: '', hops: [], address: '192.0.2.1', isEdge: false };
    streams.play({ key, settings: vhost, ...who }, player);
    return () => streams.leave(key, player, 0);
  };
  const pass = (ms: number) => {
    for (const entry of due.filter((each) => each.ms === ms)) {
      due.splice(due.indexOf(entry), 1);
      entry.fn();
    }
  };
  return { streams, pulls, play, pass };
}

describe('a pull', () => {
  it('that runs during a reload goes on at the first of the new origins when it ends', () => {
    const { streams, pulls, play, pass } = edge();
    play('s');
    pulls[0]?.events.media([FRAME]);
    const origins = [3, 4].map((port) => ({ host: '127.0.0.1', port }));
    streams.useSettings({ chunkSize: 60_000, vhosts: new Map([[vhost.name, { ...vhost, origins }]]) });
    assert.equal(pulls.length, 1, 'the connection that stands stays');
    for (const [failures, expected] of [3, 4, 3].entries()) {
      pulls.at(-1)?.events.ended({ how: 'lost', code: 'E', why: 'gone' });
      pass(pullDelayMs(failures + 1, true, 0.5));
      assert.equal(pulls.at(-1)?.port, expected);
    }
  });

  it('is kept for a while when its last player left, and the next one finds it', () => {
    const { streams, pulls, play, pass } = edge();
    const leave = play('s');
    pulls[0]?.events.media([FRAME]);
    leave();
    assert.deepEqual([pulls[0]?.open, streams.count], [true, 1]);
    const leaveAgain = play('s');
    pass(PULL_GRACE_MS);
    assert.deepEqual([pulls[0]?.open, pulls.length], [true, 1], 'somebody plays');
    leaveAgain();
    pass(PULL_GRACE_MS);
    assert.deepEqual([pulls[0]?.open, streams.count], [false, 0]);
  });

  it('of a stream that has not come ends with its last player, and so does one whose origin is gone', () => {
    const { streams, pulls, play } = edge();
    play('never')();
    assert.equal(pulls[0]?.open, false);
    const leave = play('gone');
    pulls[1]?.events.media([FRAME]);
    pulls[1]?.events.ended({ how: 'lost', code: '', why: 'it hung up' });
    leave();
    assert.equal(streams.count, 0);
  });

  it('is kept for nobody above a bound, and the places come back', () => {
    const { streams, pulls, play, pass } = edge();
    const watchAndLeave = (name: string) => {
      const leave = play(name);
      pulls.at(-1)?.events.media([FRAME]);
      leave();
    };
    for (let i = 0; i <= MAX_KEPT_PULLS; i++) watchAndLeave(`s${i}`);
    assert.equal(pulls.filter(({ open }) => open).length, MAX_KEPT_PULLS);
    pass(PULL_GRACE_MS);
    assert.deepEqual([pulls.filter(({ open }) => open).length, streams.count], [0, 0]);
    watchAndLeave('again');
    assert.equal(pulls.at(-1)?.open, true);
  });

  it('has no second source beside it, where a conf left the vhost out and has it again in another mode', () => {
    const { streams, play, pulls } = edge();
    const leave = play('s');
    const publisher = {
      id: 'it',
      ready: () => undefined,
      resume: () => undefined,
      look: () => false,
      end: () => undefined,
    };
    const here = { settings: { ...vhost, origins: null }, query: '', hops: [] };
    const publish = (stream: string) =>
      streams.publish({ ...here, key: { vhost: vhost.name, app: 'live', stream } }, publisher);
    assert.equal(publish('s'), 'busy');
    leave();
    assert.equal(typeof publish('s'), 'object');
    play('s');
    assert.equal(pulls.length, 1, 'what is published here is not pulled');
  });
});
