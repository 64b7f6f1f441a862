import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { rtmpClient } from '../support/rtmp-client.js';
import { rtmpOrigin } from '../support/rtmp-origin.js';
import { startEdge } from './edge-support/edge.js';

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
