import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { startEdge } from '../../integration/edge-support/edge.js';
import { publishRaw } from '../../integration/edge-support/raw-publisher.js';
import { eventually } from '../../support/eventually.js';
import { type RtmpClient, rtmpClient } from '../../support/rtmp-client.js';
import { rtmpOrigin } from '../../support/rtmp-origin.js';
import type { EdgeUnderTest } from './edge-under-test.js';

const PATIENT = 'publish { firstpkt_timeout 60000; normal_timeout 60000; }';

/** SRS finds an upstream gone when there is something to send. */
const isCut = (publisher: RtmpClient, what: string) =>
  eventually(
    () => {
      publisher.send();
      return publisher.ended;
    },
    { what },
  );

/** What an edge asks of its origins, and what becomes of its clients. */
export function originsContract(edge: EdgeUnderTest): void {
  const start = (t: TestContext, more: string) =>
    startEdge(t, { more, ...(edge.binary === undefined ? {} : { binary: edge.binary }) });

  it('pulls once for all players from the next origin that is there, and until the last one left', async (t) => {
    const origin = await startEdge(t, { vhost: PATIENT });
    await publishRaw(t, `rtmp://127.0.0.1:${origin.rtmpPort}/live/s`, { frameBytes: 512 });
    const it = await start(t, `vhost e.v { cluster { mode remote; origin 127.0.0.1:1 ${origin.address}; } }`);
    const players = [1, 2, 3].map(() => rtmpClient(t, it.rtmpPort, 'play', 'rtmp://e.v/live/s'));
    await eventually(() => players.every(({ media }) => media > 2), { what: 'all of them play' });
    const pulls = async () => (await origin.api.clients()).clients.filter(({ publish }) => !publish).length;
    assert.equal(await pulls(), 1);
    for (const player of players) player.cut();
    await eventually(async () => (await pulls()) === 0, { what: 'the pull ends' });
  });

  it('names the origin’s vhost as its conf says, and passes the query on', async (t) => {
    const origin = await rtmpOrigin(t, () => true);
    const cluster = (vhost: string) => `cluster { mode remote; origin ${origin.address}; vhost ${vhost}; }`;
    const it = await start(
      t,
      `vhost a.v { ${cluster('same.edge.srs.com')} } vhost b.v { ${cluster('up.[vhost]')} }
       vhost c.v { cluster { mode remote; origin ${origin.address}; } }`,
    );
    const asked = [
      ['a.v', 'same.edge.srs.com'],
      ['b.v', 'up.b.v'],
      ['c.v', 'c.v'],
    ] as const;
    for (const [own, upstream] of asked) {
      rtmpClient(t, it.rtmpPort, 'play', `rtmp://${own}/live/${own}?token=x`);
      const request = await eventually(() => origin.asked.find(({ stream }) => stream === own), {
        what: `a pull of ${own}`,
      });
      assert.deepEqual([request.vhost, request.app], [upstream, 'live']);
      assert.match(request.query, /(^|&)token=x$/);
    }
  });

  it('passes a publish on, and ends it when the origin refuses it, or is gone', async (t) => {
    const origin = await rtmpOrigin(t, () => true);
    const it = await start(t, `vhost e.v { ${PATIENT} cluster { mode remote; origin ${origin.address}; } }`);
    const refused = rtmpClient(t, it.rtmpPort, 'publish', 'rtmp://e.v/live/busy?token=x');
    await isCut(refused, 'the refused one is cut');
    assert.match(origin.asked[0]?.query ?? '', /(^|&)token=x$/);
    const publisher = rtmpClient(t, it.rtmpPort, 'publish', 'rtmp://e.v/live/s');
    await eventually(() => publisher.started, { what: 'the publisher may send' });
    const second = rtmpClient(t, it.rtmpPort, 'publish', 'rtmp://e.v/live/s');
    await eventually(() => second.ended, { what: 'a second publisher is cut' });
    assert.equal(publisher.ended, false);
    origin.cut();
    await isCut(publisher, 'the publisher is cut with its upstream');
  });
}
