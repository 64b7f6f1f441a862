import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PlayerForm } from '@dolphin/edge/app/player.js';
import { MessageType, type RtmpMessage } from '@dolphin/media';
import fc from 'fast-check';
import { decode, isHeader, isKey, message, numberOf, stage, unchunk } from './fan-out-stage.js';

describe('the fan-out of a stream', () => {
  it('sends what mw_latency collects, as one buffer that is the same for all', () => {
    const { hub, timers, join } = stage();
    const players = [join(), join(), join()];
    hub.ingest([message('avc-header', 0), message('key', 0)]);
    hub.ingest([message('video', 40)]);
    timers.pass(349);
    const before = players.map(({ sink }) => sink.writes);
    timers.pass(1);
    for (const [i, { sink }] of players.entries()) {
      assert.equal(sink.writes, (before[i] ?? 0) + 1);
      assert.equal(sink.last, players[0]?.sink.last, 'not a copy');
    }
  });

  it('sends what a pull gathered as one buffer that is the same for all, also over a key frame', () => {
    const { hub, join } = stage();
    const players = [join(), join(), join('flv-chunked'), join('flv-chunked')];
    const first = [message('avc-header', 0), message('aac-header', 0), message('key', 0), message('audio', 0)];
    hub.ingest(first, true);
    const before = players.map(({ sink }) => sink.writes);
    const second = [message('video', 40), message('audio', 40), message('key', 80), message('video', 120)];
    hub.ingest(second, true);
    const all = [...first, ...second].map(numberOf);
    for (const [i, { sink }] of players.entries()) {
      assert.equal(sink.writes, (before[i] ?? 0) + 1);
      assert.equal(sink.last, players[i & ~1]?.sink.last, 'not a copy');
      assert.deepEqual(decode(i < 2 ? 'rtmp' : 'flv-chunked', sink.bytes()).map(numberOf), all);
    }
  });

  it('sends at once with mw_latency 0', () => {
    const { hub, join } = stage('min_latency on; play { mw_latency 0; }');
    const { sink } = join();
    hub.ingest([message('avc-header', 0), message('key', 0), message('video', 40)]);
    assert.equal(decode('rtmp', sink.bytes()).length, 3);
  });

  it('lets a late player begin with headers and key frame, and the early one miss nothing by it', () => {
    const { hub, timers, join } = stage();
    const early = join();
    const sent = [message('avc-header', 0), message('aac-header', 0), message('key', 0), message('audio', 10)];
    hub.ingest(sent);
    const late = join('flv-chunked');
    const more = [message('video', 40), message('audio', 50)];
    hub.ingest(more);
    timers.pass(350);
    const all = [...sent, ...more].map(numberOf);
    assert.deepEqual(decode('rtmp', early.sink.bytes()).map(numberOf), all);
    const got = decode('flv-chunked', late.sink.bytes());
    assert.deepEqual(got.map(numberOf), all);
    assert.equal(late.seen.started, 1);
  });

  it('tells an FLV player of tracks that are there, and of no others', () => {
    const flagsOf = (kinds: ('key' | 'video' | 'audio')[]) => {
      const { hub, join } = stage('min_latency on; play { mw_latency 0; }');
      const { sink } = join('flv-raw');
      for (let i = 0; i < 60; i++) hub.ingest([message(kinds[i % kinds.length] ?? 'audio', i * 40)]);
      return sink.bytes()[4];
    };
    assert.equal(flagsOf(['key', 'audio']), 5);
    assert.equal(flagsOf(['key']), 1);
    assert.equal(flagsOf(['audio']), 4);
  });

  it('sends an FLV player nothing of a track that its header does not name', () => {
    const { hub, join } = stage(
      'min_latency on; play { mw_latency 0; } http_remux { enabled on; guess_has_av off; has_video off; }',
    );
    const { sink } = join('flv-chunked');
    const sent = [message('avc-header', 0), message('aac-header', 0), message('key', 0), message('audio', 10)];
    // Each alone, so that there are slabs with nothing for it: they must not end the answer.
    for (const each of [...sent, message('key', 40), message('audio', 50)]) hub.ingest([each]);
    assert.equal(unchunk(sink.bytes())[4], 4);
    const got = decode('flv-chunked', sink.bytes());
    assert.deepEqual([...new Set(got.map(({ typeId }) => typeId))], [MessageType.audio]);
    assert.deepEqual(
      got.map(({ timestamp }) => timestamp),
      [0, 10, 50],
    );
  });

  it('freezes a paused player, and lets it go on at a key frame', () => {
    const { hub, join } = stage('min_latency on; play { mw_latency 0; }');
    const { sink, player } = join();
    hub.ingest([message('avc-header', 0), message('key', 0)]);
    player.pause(true);
    const writes = sink.writes;
    hub.ingest([message('key', 1000), message('video', 1040)]);
    assert.equal(sink.writes, writes);
    player.pause(false);
    const got = decode('rtmp', sink.bytes());
    assert.deepEqual(
      got.slice(2).map((each) => (isHeader(each) ? 'h' : each.timestamp)),
      ['h', 1000, 1040],
    );
  });

  it('lets players of a stream without video go on after a pause, and when they fell behind', () => {
    const { hub, timers, join } = stage('min_latency on; play { mw_latency 0; queue_length 1; }');
    const [paused, behind] = [join(), join()];
    hub.ingest([message('aac-header', 0)]);
    const sound = (fromMs: number, toMs: number) => {
      for (let at = fromMs; at < toMs; at += 20) hub.ingest([message('audio', at)]);
      timers.pass(toMs - fromMs);
    };
    sound(0, 1500);
    paused.player.pause(true);
    behind.sink.open = false;
    sound(1500, 6000);
    paused.player.pause(false);
    behind.sink.open = true;
    behind.sink.drain();
    behind.player.pump();
    sound(6000, 7000);
    for (const { sink } of [paused, behind]) {
      const times = decode('rtmp', sink.bytes()).map(({ timestamp }) => timestamp);
      assert.deepEqual(
        times.slice(-50),
        Array.from({ length: 50 }, (_, i) => 6000 + 20 * i),
      );
    }
  });

  it('ends a player after the duration it asked for', () => {
    const { hub, join } = stage('min_latency on; play { mw_latency 0; }');
    const { closed, sink } = join('rtmp', 500);
    for (let at = 0; at <= 480; at += 40) hub.ingest([message('key', at)]);
    assert.deepEqual(closed, []);
    hub.ingest([message('key', 520), message('video', 560), message('key', 600)]);
    hub.ingest([message('key', 640)]);
    assert.deepEqual(closed, ['played-out'], 'once');
    assert.equal(decode('rtmp', sink.bytes()).at(-1)?.timestamp, 560, 'its slab, and nothing follows');
  });

  it('closes a player whose write stands still for queue_length, and forgets nothing of the others', () => {
    const { hub, timers, join } = stage('min_latency on; play { mw_latency 0; queue_length 2; }');
    const [deaf, good] = [join(), join()];
    deaf.sink.open = false;
    for (let i = 0; i < 5; i++) {
      hub.ingest([message('key', i * 1000)]);
      timers.pass(1000);
      hub.watch(timers.now());
    }
    assert.ok(deaf.closed.includes('slow'));
    assert.deepEqual(good.closed, []);
    assert.equal(decode('rtmp', good.sink.bytes()).length, 5);
  });

  it('keeps the clock over a republish, and gives the new headers', () => {
    const { hub, join } = stage('min_latency on; play { mw_latency 0; }');
    const { sink } = join();
    hub.ingest([message('avc-header', 0), message('key', 50_000), message('video', 50_040)]);
    hub.sourceEnded();
    hub.ingest([message('avc-header', 0), message('key', 0), message('video', 40)]);
    const times = decode('rtmp', sink.bytes()).map(({ timestamp }) => timestamp);
    assert.deepEqual(times, [0, 0, 40, 40, 80, 120]);
  });

  it('gives each player contiguous runs that begin at key frames with their headers, however it reads', () => {
    type Step =
      | ['media', 'key' | 'video' | 'audio' | 'avc-header', number]
      | ['read' | 'block' | 'pass' | 'join' | 'leave' | 'end', number];
    const step: fc.Arbitrary<Step> = fc.oneof(
      {
        weight: 12,
        arbitrary: fc.tuple(
          fc.constant('media' as const),
          fc.constantFrom('key', 'video', 'video', 'audio', 'audio', 'avc-header'),
          fc.constantFrom(20, 500, 70_000, 300_000),
        ) as fc.Arbitrary<Step>,
      },
      {
        weight: 6,
        arbitrary: fc.tuple(
          fc.constantFrom('read', 'block', 'pass', 'join', 'leave'),
          fc.nat({ max: 5 }),
        ) as fc.Arbitrary<Step>,
      },
      { weight: 1, arbitrary: fc.tuple(fc.constant('end'), fc.nat()) as unknown as fc.Arbitrary<Step> },
    );
    const forms: PlayerForm[] = ['rtmp', 'flv-chunked', 'flv-raw'];
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), fc.constantFrom(0, 350, 'gathered'), (steps, merge) => {
        const { hub, timers, join } = stage(`play { mw_latency ${merge === 0 ? 0 : 350}; queue_length 1; }`);
        const gathered: RtmpMessage[] = [];
        const sent: RtmpMessage[] = [];
        const players: (ReturnType<typeof join> & { form: PlayerForm })[] = [];
        const active: typeof players = [];
        let at = 0;
        for (const [what, a, b] of steps as [string, string | number, number][]) {
          const player = active[Number(a) % Math.max(1, active.length)];
          if (what === 'media') {
            at += 30;
            const next = message(a as 'key', at, b);
            sent.push(next);
            gathered.push(next);
            if (merge !== 'gathered' || gathered.length === 6) hub.ingest(gathered.splice(0), merge === 'gathered');
            timers.pass(30);
          } else if (what === 'pass') {
            hub.ingest(gathered.splice(0), true);
            timers.pass(400);
            hub.watch(timers.now());
          } else if (what === 'join') {
            const form = forms[players.length % 3] ?? 'rtmp';
            const made = { ...join(form), form };
            players.push(made);
            active.push(made);
          } else if (what === 'leave' && player) {
            hub.remove(player.player);
            active.splice(active.indexOf(player), 1);
          } else if (what === 'block' && player) player.sink.open = false;
          else if (what === 'read' && player) {
            player.sink.open = true;
            player.sink.drain();
            player.player.pump();
          } else if (what === 'end') {
            hub.ingest(gathered.splice(0), true);
            hub.sourceEnded();
          }
        }
        hub.ingest(gathered.splice(0), true);
        const order = new Map(sent.map((each, i) => [numberOf(each), i]));
        for (const { sink, form, seen } of players) {
          assert.equal(sink.overlapping, 0, 'one write outstanding');
          sink.drain();
          const frames = decode(form, sink.bytes()).filter((each) => !isHeader(each));
          let breaks = 0;
          let last = -1;
          let lastTime: Record<number, number> = {};
          for (const [i, frame] of frames.entries()) {
            const place = order.get(numberOf(frame)) ?? -1;
            assert.ok(place > last, 'in order, each once');
            const skipped = i === 0 ? [] : sent.slice(last + 1, place).filter((each) => !isHeader(each));
            if (skipped.length > 0) {
              breaks++;
              assert.ok(isKey(frame), 'it goes on at a key frame');
            }
            assert.ok(frame.timestamp >= (lastTime[frame.typeId] ?? 0), 'time does not step back');
            lastTime = { ...lastTime, [frame.typeId]: frame.timestamp };
            last = place;
          }
          assert.ok(breaks <= seen.jumps, `${breaks} breaks, ${seen.jumps} jumps`);
        }
      }),
      { numRuns: 150 },
    );
  });
});
