import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PlayerForm } from '@dolphin/edge/app/player.js';
import fc from 'fast-check';
import { decode, isHeader, message, numberOf, stage } from './fan-out-stage.js';

const FORMS: readonly PlayerForm[] = ['rtmp', 'flv-chunked', 'flv-raw'];
const STEPS = ['read', 'read', 'read', 'gathered', 'stand', 'stand', 'drain', 'drain', 'pause'] as const;
const MORE_STEPS = ['go-on', 'leave', 'join', 'watch', 'beat', 'republish'] as const;
const step = fc.record({
  what: fc.constantFrom(...STEPS, ...MORE_STEPS),
  who: fc.nat({ max: 50 }),
  kinds: fc.array(fc.constantFrom('key', 'video', 'audio', 'avc-header'), { minLength: 1, maxLength: 4 }),
  bytes: fc.constantFrom(40, 900, 20_000, 70_000, 200_000),
});

/** A stream to which all that happens; in the end everybody reads what waited for it. */
function lived(steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[], text: string, limit: number) {
  const { hub, timers, join, total } = stage(text, limit);
  const sent = new Map<number, Buffer>();
  const players = [{ ...join(), form: 'rtmp' as PlayerForm }];
  const stays = new Set(players);
  let at = 0;
  for (const { what, who, kinds, bytes } of steps) {
    const one = [...stays][who % (stays.size || 1)];
    if (what === 'read' || what === 'gathered') {
      const messages = kinds.map((kind) => {
        at += 40;
        const made = message(kind, at, bytes);
        made.payload.fill(numberOf(made), 2, bytes - 4);
        sent.set(numberOf(made), Buffer.from(made.payload));
        return made;
      });
      hub.ingest(messages, what === 'gathered');
      // The source's read goes into the same memory.
      for (const { payload } of messages) payload.fill(0xee);
    } else if (what === 'join') {
      const form = FORMS[who % FORMS.length] ?? 'rtmp';
      const player = { ...join(form), form };
      players.push(player);
      stays.add(player);
    } else if (what === 'watch') hub.watch(timers.now());
    else if (what === 'beat') timers.pass(350);
    else if (what === 'republish') hub.sourceEnded();
    else if (one === undefined) continue;
    else if (what === 'stand') one.sink.open = false;
    else if (what === 'drain') {
      one.sink.open = true;
      one.sink.drain();
      one.player.pump();
    } else if (what === 'leave') {
      hub.remove(one.player);
      stays.delete(one);
    } else one.player.pause(what === 'pause');
  }
  for (const { sink } of players) sink.drain();
  for (const { player } of stays) hub.remove(player);
  hub.dispose();
  return { sent, players, left: total.bytes };
}

describe('the memory of a stream', () => {
  for (const what of ['leaves', 'is paused', 'only stands still'] as const) {
    it(`uses no memory again that a player is still writing who ${what}`, () => {
      const { hub, join } = stage('min_latency on; play { mw_latency 0; }');
      const [good, slow] = [join(), join()];
      hub.ingest([message('avc-header', 0), message('key', 0)]);
      slow.sink.open = false;
      const held = message('video', 40);
      hub.ingest([held]);
      if (what === 'leaves') hub.remove(slow.player);
      if (what === 'is paused') slow.player.pause(true);
      for (let at = 80; at < 2000; at += 40) hub.ingest([message('key', at)]);
      slow.sink.drain();
      assert.equal(decode('rtmp', slow.sink.bytes()).map(numberOf)[2], numberOf(held));
      assert.equal(decode('rtmp', good.sink.bytes()).length, 51);
    });
  }

  for (const [limits, bytes] of [
    ['nothing', 1 << 30],
    ['all streams together', 600_000],
  ] as const) {
    it(`gives each player whole messages, whatever the others do, and is given back; limited by ${limits}`, () => {
      const confs = fc.constantFrom('play { mw_latency 350; }', 'play { mw_latency 0; gop_cache off; }');
      fc.assert(
        fc.property(fc.array(step, { minLength: 20, maxLength: 100, size: 'max' }), confs, (steps, text) => {
          const { sent, players, left } = lived(steps, text, bytes);
          assert.equal(left, 0);
          for (const { sink, form } of players) {
            const got = decode(form, sink.bytes());
            for (const each of got) assert.deepEqual(each.payload, sent.get(numberOf(each)));
            const numbers = got.filter((each) => !isHeader(each)).map(numberOf);
            assert.ok(numbers.every((number, i) => i === 0 || number > (numbers[i - 1] ?? 0)));
          }
        }),
        { numRuns: 100 },
      );
    });
  }

  it('is not taken twice where two large slabs go out together', () => {
    const { hub, join, total } = stage();
    const [good, slow] = [join(), join()];
    slow.sink.open = false;
    hub.ingest([message('avc-header', 0), message('key', 0)], true);
    hub.ingest([message('video', 40, 60_000), message('key', 80, 200_000)], true);
    assert.equal(decode('rtmp', good.sink.bytes()).length, 4);
    // Both slabs, and the room of the next.
    assert.ok(total.bytes < 500_000, `${total.bytes}`);
  });

  it('uses memory again that all have written', () => {
    const { hub, join, memory } = stage('min_latency on; play { mw_latency 0; }');
    join();
    for (let at = 0; at < 10_000; at += 40) hub.ingest([message('key', at, 2000)]);
    // The room of an open slab, and some closed ones.
    assert.ok(memory.idleBytes > 0 && memory.idleBytes < 16 * 1024 + 10_000, `${memory.idleBytes}`);
  });
});
