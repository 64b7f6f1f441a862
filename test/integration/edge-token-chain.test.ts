import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { rtmpTokenProbe } from '@dolphin/edge/net/token-probe.js';
import { eventually } from '../support/eventually.js';
import { rtmpClient } from '../support/rtmp-client.js';
import { rtmpOrigin } from '../support/rtmp-origin.js';
import { startEdge } from './edge-support/edge.js';

describe('a question to an origin', () => {
  it('ends when the client that it is about leaves', async (t) => {
    const silent = createServer();
    t.after(() => silent.close());
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const after = (ms: number, fn: () => void) => {
      const timer = setTimeout(fn, ms);
      return () => clearTimeout(timer);
    };
    const client = new AbortController();
    const show = rtmpTokenProbe({ now: () => performance.now(), after });
    const visitor = { id: 'c', address: '192.0.2.1', tcUrl: 'rtmp://h/live', pageUrl: '', swfUrl: '' };
    const answer = show({ host: '127.0.0.1', port }, { ...visitor, over: 'rtmp' }, 'live', [], client.signal);
    const [asked] = (await once(silent, 'connection')) as [Socket];
    const closed = once(asked.resume(), 'close');
    client.abort();
    assert.deepEqual(await answer, { is: 'refused', why: 'it left' });
    await closed;
  });
});

describe('an edge behind a back source', () => {
  it('has its viewers shown to the origin, which lets in or keeps out each of them', async (t) => {
    // The back source's own pulls show no token: an origin knows them by their address.
    const origin = await rtmpOrigin(t, ({ tcUrl }) => !tcUrl.includes('token=') || tcUrl.includes('token=good'));
    const traverse = { form: '2015', vhost: 'token_traverse on;' } as const;
    const back = await startEdge(t, { ...traverse, serverId: 'back', origins: [origin.address] });
    const edge = await startEdge(t, { ...traverse, serverId: 'edge', origins: [back.address] });
    const tcUrl = `rtmp://127.0.0.1:${edge.rtmpPort}/live?token=`;
    const bad = rtmpClient(t, edge.rtmpPort, 'play', edge.rtmp('bad'), { tcUrl: `${tcUrl}bad` });
    await eventually(() => bad.ended, { what: 'the one without a good token is cut' });
    assert.deepEqual(
      origin.connects.map((connect) => [connect.tcUrl, connect.hops, connect.isProbe]),
      [[`${tcUrl}bad`, ['edge', 'back'], true]],
    );
    const good = rtmpClient(t, edge.rtmpPort, 'play', edge.rtmp('good'), { tcUrl: `${tcUrl}good` });
    await eventually(() => origin.asked.some(({ stream }) => stream === 'good'), { what: 'its stream is pulled' });
    assert.equal(good.ended, false);
    assert.deepEqual(
      origin.asked.map(({ stream }) => stream),
      ['good'],
    );
  });
});
