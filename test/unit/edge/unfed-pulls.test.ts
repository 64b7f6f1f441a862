import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Player } from '@dolphin/edge/app/player.js';
import { noTrouble } from '@dolphin/edge/app/server.js';
import type { PlayRequest } from '@dolphin/edge/app/stream-requests.js';
import { Streams } from '@dolphin/edge/app/streams.js';
import { readSettings } from '@dolphin/edge/domain/settings.js';
import { parseConf } from '@dolphin/srs';

const { settings } = readSettings(
  parseConf('listen 1; vhost __defaultVhost__ { cluster { mode remote; origin 127.0.0.1:2; } }', 'edge.conf'),
);
const vhost = settings.vhosts.get('__defaultVhost__')!;

/** An edge whose origin never answers. */
function edge() {
  const timers = { now: () => 0, after: () => () => undefined };
  const log = { info: () => undefined, warn: () => undefined, debug: () => undefined };
  const dial = () => ({ close: () => undefined, send: () => true });
  const streams = new Streams({
    serverId: 'edge',
    serviceId: 'life',
    chunkSize: 60_000,
    pull: { dial, timers, log, random: () => 0.5 },
    tapsOf: () => [],
    trouble: noTrouble(),
  });
  const ask = (stream: string, o: Partial<PlayRequest> = {}) => {
    const key = { vhost: vhost.name, app: 'live', stream };
    const request = { key, settings: vhost, query: '', hops: [], address: '192.0.2.1', isEdge: false, ...o };
    const refusal = streams.refusal(request);
    if (refusal === null) streams.play(request, silentPlayer());
    return refusal;
  };
  return { ask };
}

function silentPlayer(): Player {
  const sink = { writableLength: 0, write: () => true, cork: () => undefined, uncork: () => undefined };
  const nothing = () => undefined;
  const host = { pendingBytes: () => 0, tooSlow: nothing, playedOut: nothing, jumped: nothing };
  return new Player({ form: 'rtmp', sink, host });
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `s${index}`);

describe('streams that nobody publishes', () => {
  it('are pulled for one address up to a limit, whatever hops it claims, and for others still', () => {
    const { ask } = edge();
    const refusals = names(30).map((name, index) => ask(name, { hops: index % 2 ? ['made-up'] : [] }));
    assert.deepEqual(
      refusals.map((refusal) => refusal ?? 'pulled'),
      [...Array(20).fill('pulled'), ...Array(10).fill('too-many')],
    );
    assert.equal(ask('s0'), null, 'one that is pulled already costs nothing more');
    assert.equal(ask('another', { address: '192.0.2.2' }), null);
  });

  it('are pulled for an edge of this host as often as it asks, up to the limit of all', () => {
    const { ask } = edge();
    const refusals = names(501).map((name) => ask(name, { hops: ['h1'], address: '127.0.0.1', isEdge: true }));
    assert.equal(refusals.filter((refusal) => refusal === null).length, 500);
    assert.equal(refusals.at(-1), 'too-many');
  });
});
