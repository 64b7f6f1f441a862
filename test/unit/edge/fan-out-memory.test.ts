import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decode, message, numberOf, stage } from './fan-out-stage.js';

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

  it('uses memory again that all have written', () => {
    const { hub, join, memory } = stage('min_latency on; play { mw_latency 0; }');
    join();
    for (let at = 0; at < 10_000; at += 40) hub.ingest([message('key', at, 2000)]);
    assert.ok(memory.idleBytes > 0 && memory.idleBytes < 10_000, `${memory.idleBytes}`);
  });
});
