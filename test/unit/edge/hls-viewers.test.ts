import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addressesIn, hlsEdge, media } from './hls-edge.js';

describe('a viewer over HLS', () => {
  it('is gone two windows after its last request', async () => {
    const { ask, publish, clients, pass } = hlsEdge({ hls: 'hls_window 10;' });
    publish().media(media(0, 6000));
    const [own = ''] = addressesIn(await ask('/live/s.m3u8'));
    await pass(19_000);
    await ask(own);
    await pass(19_000);
    assert.equal([...clients.all()].length, 1);
    await pass(10_000);
    assert.equal([...clients.all()].length, 0);
  });

  it('that an operator ends gets no more, and keeps nobody’s place', async () => {
    const { ask, publish, clients } = hlsEdge();
    publish().media(media(0, 6000));
    const [own = ''] = addressesIn(await ask('/live/s.m3u8'));
    const [segment] = addressesIn(await ask(own));
    for (const { client } of clients.all()) client.close('kicked');
    assert.equal([...clients.all()].length, 0);
    assert.equal((await ask(own)).status, 404);
    assert.equal((await ask(`/live/${segment}`)).status, 404);
    assert.equal((await ask('/live/s.m3u8')).status, 200);
  });

  it('goes on with the token that another server gave it', async () => {
    const { ask, publish } = hlsEdge();
    publish().media(media(0, 6000));
    const segments = addressesIn(await ask('/live/s.m3u8?hls_ctx=abcd1234'));
    assert.ok(segments[0]?.endsWith('.ts?hls_ctx=abcd1234'));
  });

  it('is refused where there are as many viewers as may be connections, and takes none of their places', async () => {
    const { ask, publish, clients } = hlsEdge({ maxConnections: 1 });
    publish().media(media(0, 6000));
    const [own = ''] = addressesIn(await ask('/live/s.m3u8'));
    assert.equal((await ask('/live/s.m3u8')).status, 503);
    assert.equal((await ask(own)).status, 200);
    assert.deepEqual([clients.isFull, clients.count, [...clients.all()].length], [false, 0, 1]);
  });
});

describe('HLS of a vhost that restricts who may come in', () => {
  it('asks about each viewer once, before anything is pulled, and tells when it is gone', async () => {
    const access = 'http_hooks { enabled on; on_play http://h/p; on_stop http://h/s; }';
    const { ask, pass, upstreams, hooks } = hlsEdge({ origin: false, access, hls: 'hls_window 10;' });
    const first = ask('/live/s.m3u8?x=1');
    await pass(0);
    upstreams[0]!.events.media(media(0, 3000));
    const [own = ''] = addressesIn(await first);
    const [segment = ''] = addressesIn(await ask(own));
    assert.equal((await ask(`/live/${segment}`)).status, 200);
    await pass(30_000);
    const id = /hls_ctx=(\w+)/.exec(own)?.[1];
    assert.deepEqual(
      hooks.map(({ action, client_id }) => [action, client_id]),
      [
        ['on_play', id],
        ['on_stop', id],
      ],
    );
  });

  it('tells the end of who leaves while it is asked about after the answer, and pulls nothing for it', async () => {
    const access = 'http_hooks { enabled on; on_play http://h/p; on_stop http://h/s; }';
    const { begin, pass, upstreams, clients, hooks, late } = hlsEdge({ origin: false, access, hookAnswer: 'late' });
    const outcome = begin('/live/s.m3u8');
    assert.ok(outcome.is === 'late');
    await pass(0);
    outcome.question?.abandon();
    late[0]?.('0');
    await outcome.answer;
    await pass(0);
    const told = hooks.map(({ action }) => action);
    assert.deepEqual([told, upstreams.length, [...clients.all()].length], [['on_play', 'on_stop'], 0, 0]);
  });

  it('gives nothing to those who are refused, nor segments to those who did not ask', async () => {
    const refused = hlsEdge({
      origin: false,
      hookAnswer: '1',
      access: 'http_hooks { enabled on; on_play http://h/p; }',
    });
    assert.equal((await refused.ask('/live/s.m3u8')).status, 403);
    assert.equal(refused.upstreams.length, 0);
    const denied = hlsEdge({ access: 'security { enabled on; deny play all; }' });
    denied.publish().media(media(0, 6000));
    assert.equal((await denied.ask('/live/s.m3u8')).status, 403);
    assert.equal((await denied.ask('/live/s.m3u8', {}, 'HEAD')).status, 403);
    assert.equal((await denied.ask('/live/s-1000.ts')).status, 403);
    assert.equal((await denied.ask('/live/s-1000.ts?hls_ctx=abcd1234')).status, 403);
    assert.equal([...denied.clients.all()].length, 0);
  });

  it('is refused where viewers are no sessions', () => {
    const access = 'security { enabled on; allow play all; }';
    assert.throws(() => hlsEdge({ access, hls: 'hls_ctx off;' }), /edge\.conf:1: hls_ctx off/);
    assert.throws(() => hlsEdge({ access, hls: 'hls_ts_ctx off;' }), /hls_ts_ctx off/);
  });
});
