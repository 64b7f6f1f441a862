import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { FlvTag } from '@dolphin/media';
import { startEdge } from '../../integration/edge-support/edge.js';
import { eventually } from '../../support/eventually.js';
import { FlvPeer } from '../../support/flv-peer.js';
import { enhanced, multitrack } from '../../support/multitrack.js';
import type { EdgeUnderTest } from './edge-under-test.js';
import { AT_ONCE, player, publisher } from './rtmp-support.js';

const tag = (typeId: number, timestamp: number, head: string, note: string): FlvTag => ({
  typeId,
  timestamp,
  payload: Buffer.concat([Buffer.from(head, 'hex'), Buffer.from(note)]),
});

/** Codecs by FourCC, one of each packet type: a header, a first GOP, and a second one. */
const STREAMS: Readonly<Record<string, { videoHeader: string; key: string; inter: string; other: string }>> = {
  hevc: { videoHeader: '9068766331', key: '9168766331000000', inter: 'a368766331', other: '9468766331' },
  av1: { videoHeader: '9061763031', key: '9161763031', inter: 'a161763031', other: '9461763031' },
  // Behind a modifier with a time in nanoseconds, which is how a packet of finer time says it.
  modified: { videoHeader: '9068766331', key: '97020000000168766331000000', inter: 'a368766331', other: '9468766331' },
  // A second track beside the one that all players show: its key frames are no place to begin.
  tracks: { videoHeader: '9068766331', key: '9168766331000000', inter: 'a368766331', other: '96016876633101' },
};
const OPUS_HEADER = '904f707573';
const OPUS_FRAME = '914f707573';

/** Enhanced RTMP: of the built-in server alone, since SRS 5.0 knows no key frames of it. */
export function rtmpEnhanced(edge: EdgeUnderTest): void {
  it('begin for late players at the newest key frame, with the headers in front', async (t) => {
    if (edge.is === 'srs') return t.skip('SRS 5.0 finds no key frames in enhanced RTMP');
    const server = await startEdge(t, { ...edge, ...AT_ONCE });
    for (const [name, { videoHeader, key, inter, other }] of Object.entries(STREAMS)) {
      const { send } = await publisher(t, server, name);
      const headers = [tag(9, 0, videoHeader, 'video header'), tag(8, 0, OPUS_HEADER, 'audio header')];
      const gop = (at: number, note: string) => [
        tag(9, at, key, `${note} key`),
        tag(8, at + 10, OPUS_FRAME, `${note} audio`),
        tag(9, at + 40, other, `${note} other`),
        tag(9, at + 1100, inter, `${note} inter`),
      ];
      send(...headers, ...gop(0, 'first'), ...gop(1200, 'second'));
      const expected = [...headers, ...gop(1200, 'second')].map(({ payload }) => payload.toString('latin1'));
      await eventually(
        async () => {
          const { streams } = await server.api.streams();
          return streams.some((row) => row.name === name && row.frames === 6);
        },
        { what: `all of ${name} has come` },
      );
      const peer = await player(t, server, name);
      const flv = new FlvPeer(t, server.flv(name));
      const media = (got: readonly { typeId: number; payload: Buffer }[]) =>
        got.flatMap(({ typeId, payload }) => (typeId === 8 || typeId === 9 ? [payload.toString('latin1')] : []));
      for (const got of [peer.received, flv.tags]) {
        await eventually(() => media(got).length >= expected.length, { what: `a player has ${name}` });
        assert.deepEqual(media(got), expected, name);
      }
    }
  });

  it('give late players the newest header of every track', async (t) => {
    if (edge.is === 'srs') return t.skip('SRS 5.0 knows no tracks');
    const server = await startEdge(t, { ...edge, ...AT_ONCE });
    const { send } = await publisher(t, server, 's');
    const part = (id: number, fourcc: string, note: string) => ({ id, fourcc, body: Buffer.from(note) });
    const of = (typeId: number, timestamp: number, payload: Buffer): FlvTag => ({ typeId, timestamp, payload });
    const both = multitrack('video', 0, [part(0, 'hvc1', 'large'), part(1, 'av01', 'small')]);
    const [second, newer] = ['old', 'new'].map((note) => multitrack('video', 0, [part(1, 'av01', note)]));
    const sounds = [enhanced(0, part(0, 'Opus', 'here')), multitrack('audio', 0, [part(1, 'mp4a', 'there')])];
    assert.ok(second && newer);
    const headers = [both, newer, ...sounds].map((payload) => payload.toString('latin1'));
    const key = (note: string) => multitrack('video', 1, [part(0, 'hvc1', `000${note}`), part(1, 'av01', note)]);
    send(...[both, second].map((payload) => of(9, 0, payload)), ...sounds.map((payload) => of(8, 0, payload)));
    send(
      of(9, 0, key('first')),
      of(9, 1000, newer),
      of(9, 1040, key('second')),
      of(8, 1050, enhanced(1, part(0, 'Opus', 'x'))),
    );
    await eventually(async () => (await server.api.streams()).streams.some(({ frames }) => frames === 2), {
      what: 'all of it has come',
    });
    const peer = await player(t, server, 's');
    const flv = new FlvPeer(t, server.flv('s'));
    for (const got of [peer.received, flv.tags]) {
      const media = () =>
        got.flatMap(({ typeId, payload }) => (typeId === 8 || typeId === 9 ? [payload.toString('latin1')] : []));
      await eventually(() => media().length > headers.length + 1, { what: 'a player has all of it' });
      assert.deepEqual(media().slice(0, headers.length + 1), [...headers, key('second').toString('latin1')]);
    }
  });
}
