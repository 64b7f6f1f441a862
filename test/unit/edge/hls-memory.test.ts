import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HlsStreams } from '@dolphin/edge/app/hls-streams.js';
import { noTrouble } from '@dolphin/edge/app/server.js';
import { readSettings } from '@dolphin/edge/domain/settings.js';
import { MessageType } from '@dolphin/media';
import { parseConf } from '@dolphin/srs';
import * as m from '../media/ts-messages.js';

const MIB = 1024 * 1024;
const settingsOf = (hls: string) =>
  readSettings(parseConf(`listen 1; vhost v { hls { enabled on; ${hls} } }`, 'edge.conf')).settings.vhosts.get('v')!;
const keyOf = (stream: string) => ({ vhost: 'v', app: 'live', stream });

function hlsOf(totalBytes: number) {
  const timers = { now: () => 0, after: () => () => undefined };
  const hls = new HlsStreams({ timers, unixSeconds: () => 1000, trouble: noTrouble(), totalBytes });
  const publish = (stream: string, settings = settingsOf('hls_fragment 2;')) => {
    const [tap] = hls.tapsOf(keyOf(stream), settings);
    assert.ok(tap !== undefined);
    const message = (payload: Buffer, timestamp: number) => ({
      ...{ typeId: MessageType.video, streamId: 1, payload, timestamp },
    });
    tap.message(message(m.avcHeader, 0), 'video-header');
    return { tap, key: (bytes: number, ms: number) => tap.message(message(keyFrame(bytes), ms), 'key-frame') };
  };
  return { hls, publish };
}

function keyFrame(bytes: number): Buffer {
  const nal = Buffer.alloc(bytes, 1);
  nal[0] = 0x65;
  return m.avcFrame([nal], { key: true });
}

describe('a stream that is published again after a reload', () => {
  it('is cut as the new conf says, and goes on counting', () => {
    const { hls, publish } = hlsOf(16 * MIB);
    const lengths = () => hls.find(keyOf('s'))?.window.listed.map(({ number, durationMs }) => [number, durationMs]);
    const before = publish('s');
    for (let ms = 0; ms <= 8000; ms += 1000) before.key(1000, ms);
    before.tap.closed();
    const after = publish('s', settingsOf('hls_fragment 4; hls_window 8;'));
    for (let ms = 0; ms <= 8000; ms += 1000) after.key(1000, ms);
    assert.deepEqual(lengths(), [
      [1004, 4000],
      [1005, 4000],
    ]);
    assert.equal(hls.find(keyOf('s'))?.window.targetSeconds, 4);
  });
});

describe('the memory of segments', () => {
  it('counts open ones, and is given up by who has most of it: a small stream loses nothing', () => {
    const { hls, publish } = hlsOf(16 * MIB);
    const small = publish('small');
    for (let ms = 0; ms <= 6000; ms += 2000) small.key(1000, ms);
    const greedy = Array.from({ length: 10 }, (_, i) => publish(`greedy${i}`));
    const held = () => greedy.reduce((sum, _, i) => sum + (hls.find(keyOf(`greedy${i}`))?.bytes ?? 0), 0);
    // Times that do not go on: no segment ever ends by its length.
    for (let i = 0; i < 40; i++) {
      for (const { key } of greedy) key(MIB / 2, 0);
      assert.ok(held() <= (16 + greedy.length) * MIB, `${held()} bytes`);
    }
    assert.equal(hls.find(keyOf('small'))?.window.listed.length, 3);
  });

  it('is given back by streams that ended, first', () => {
    const { hls, publish } = hlsOf(4 * MIB);
    const [ends, stays] = [publish('ends'), publish('stays')];
    for (const { key } of [ends, stays]) for (let ms = 0; ms <= 4000; ms += 2000) key(MIB / 2, ms);
    ends.tap.closed();
    for (let ms = 6000; ms <= 12_000; ms += 2000) stays.key(MIB / 2, ms);
    assert.equal(hls.find(keyOf('ends')), undefined);
    assert.ok((hls.find(keyOf('stays'))?.window.listed.length ?? 0) > 4);
  });
});
