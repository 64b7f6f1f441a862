import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startEdge } from '../../integration/edge-support/edge.js';
import { eventually } from '../../support/eventually.js';
import { RtmpPeer } from '../../support/rtmp-peer.js';
import { sampleTags } from '../../support/sample-tags.js';
import type { EdgeUnderTest } from './edge-under-test.js';
import { isPublished, player, publisher, tcUrlOf } from './rtmp-support.js';

const HOST = '127.0.0.1';
const VHOSTS = 'vhost v.com { } vhost off.com { enabled off; }';

interface Named {
  tcUrl: string;
  name: string;
  url: string;
  app?: string;
  /** 2.0 takes it otherwise. */
  not2?: true;
}

/** How a client may name a stream (`$` stands for its name), and how the API does then. */
const NAMES: readonly Named[] = [
  { tcUrl: `rtmp://${HOST}/live`, name: '$', url: '/live/$' },
  { tcUrl: `rtmp://${HOST}/live`, name: '$?token=x', url: '/live/$' },
  { tcUrl: `rtmp://${HOST}/live?token=x`, name: '$', url: '/live/$' },
  { tcUrl: `rtmp://${HOST}/live/_definst_`, name: '$', url: '/live/$' },
  { tcUrl: `rtmp://${HOST}/live/`, name: '$', url: '/live/$' },
  { tcUrl: `rtmp://${HOST}/live?vhost=__defaultVhost__`, name: '$', url: '/live/$' },
  { tcUrl: 'rtmp://__defaultVhost__/live', name: '$', url: '/live/$' },
  { tcUrl: 'rtmp://unknown.com/live', name: '$', url: '/live/$' },
  { tcUrl: 'rtmp://v.com/live', name: '$', url: 'v.com/live/$' },
  { tcUrl: `rtmp://${HOST}/live?vhost=v.com`, name: '$', url: 'v.com/live/$' },
  { tcUrl: `rtmp://${HOST}/live?domain=v.com`, name: '$', url: 'v.com/live/$', not2: true },
  { tcUrl: `rtmp://${HOST}/live...vhost...v.com`, name: '$', url: 'v.com/live/$' },
  { tcUrl: `rtmp://${HOST}/live`, name: '$?vhost=v.com', url: 'v.com/live/$' },
  { tcUrl: `rtmp://${HOST}/live`, name: '$?token=x&vhost=v.com', url: 'v.com/live/$' },
  { tcUrl: `rtmp://${HOST}/live/more`, name: '$', url: '/live/more/$', app: 'live/more' },
  { tcUrl: `rtmp://${HOST}/live`, name: 'more/$', url: '/live/more/$', app: 'live/more', not2: true },
  { tcUrl: `rtmp://${HOST}/live/$`, name: '', url: '/live/$', not2: true },
];

/** Names of streams, apps and vhosts, and who may not publish one. */
export function rtmpNames(edge: EdgeUnderTest): void {
  it('find a stream by each form that a client may give its name', async (t) => {
    const server = await startEdge(t, { ...edge, more: VHOSTS });
    const sample = await sampleTags();
    const names = edge.form === '2015' ? NAMES.filter(({ not2 }) => !not2) : NAMES;
    for (const [i, { tcUrl, name, url, app }] of names.entries()) {
      const what = `${tcUrl} ${name}`;
      const stream = `s${i}`;
      const named = (text: string) => text.replace('$', stream);
      const { send } = await publisher(t, server, named(name), named(tcUrl));
      send(sample.videoHeader, ...sample.frames.slice(0, 30));
      await eventually(
        async () => {
          const { streams } = await server.api.streams();
          const row = streams.find((each) => each.name === stream);
          // 2.0 tells no URL.
          assert.deepEqual(
            [edge.form === '2015' ? named(url) : row?.url, row?.app, row?.publish.active],
            [named(url), app ?? 'live', true],
          );
          return true;
        },
        { what },
      );
      // Whoever names it the plain way gets it.
      const vhost = url.startsWith('v.com') ? 'v.com' : HOST;
      const plain = await player(t, server, stream, `rtmp://${vhost}/${app ?? 'live'}`);
      await plain.next(`the header of ${what}`, ({ payload }) => payload.equals(sample.videoHeader.payload));
    }
  });

  it('turn away who names no stream, or a vhost that is switched off', async (t) => {
    const server = await startEdge(t, { ...edge, more: VHOSTS });
    for (const [tcUrl, name] of [
      [tcUrlOf(server), ''],
      ['rtmp://off.com/live', 's'],
      [tcUrlOf(server), 's?vhost=off.com'],
    ] as const) {
      for (const use of ['play', 'publish']) {
        const { peer } = await RtmpPeer.open(t, server.rtmpPort);
        peer.command('connect', 1, { app: 'live', tcUrl });
        peer.command('createStream', 2, null);
        peer.onStream(use, 0, null, name);
        await eventually(() => peer.closed, { what: `${use} of ${tcUrl} ${name} is over` });
      }
    }
    assert.deepEqual((await server.api.streams()).streams, []);
  });

  it('turn away a second publisher, and leave the first alone', async (t) => {
    const server = await startEdge(t, edge);
    const sample = await sampleTags();
    const first = await publisher(t, server, 's');
    first.send(sample.videoHeader, ...sample.frames.slice(0, 10));
    await eventually(() => isPublished(server, 's'), { what: 'the first publishes' });
    const second = await RtmpPeer.connected(t, server.rtmpPort, tcUrlOf(server));
    second.command('createStream', 2, null);
    await second.result(2);
    second.onStream('publish', 0, null, 's', 'live');
    await eventually(() => second.closed, { what: 'the second is turned away' });
    // SRS hangs up without a word.
    if (edge.is === 'builtin') await second.status('NetStream.Publish.BadName');
    assert.equal(first.peer.closed, false);
    assert.ok(await isPublished(server, 's'));
  });
}
