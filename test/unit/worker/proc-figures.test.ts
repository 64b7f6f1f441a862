import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  cpuPercent,
  parseCpuTicks,
  parseLoad1,
  parseMemory,
  parseNetBytes,
} from '@dolphin/worker/domain/proc-figures.js';

describe('the figures of a host, from /proc', () => {
  it('cpu: what is neither idle nor waiting, between two looks', () => {
    const before = parseCpuTicks('cpu  100 0 100 700 100 0 0 0 50 0\ncpu0 1 2 3 4\n');
    const now = parseCpuTicks('cpu  150 0 125 750 125 0 0 0 90 0\ncpu0 1 2 3 4\n');
    assert.deepEqual(before, { busy: 200, total: 1000 });
    assert.equal(cpuPercent(before, now), 50);
    assert.equal(cpuPercent(null, now), 0);
    assert.equal(cpuPercent(now, now), 0);
    assert.equal(cpuPercent(now, before), 0);
    assert.equal(parseCpuTicks('nonsense'), null);
  });

  it('memory: total, and what programs could get', () => {
    const text = 'MemTotal:       2048 kB\nMemFree:         100 kB\nMemAvailable:   1024 kB\n';
    assert.deepEqual(parseMemory(text), { memoryBytes: 2048 * 1024, memoryFreeBytes: 1024 * 1024 });
    assert.deepEqual(parseMemory(''), { memoryBytes: 0, memoryFreeBytes: 0 });
  });

  it('network: all interfaces but loopback', () => {
    const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 999 1 0 0 0 0 0 0 999 1 0 0 0 0 0 0
  eth0: 100 1 0 0 0 0 0 0 200 1 0 0 0 0 0 0
  eth1:10 1 0 0 0 0 0 0 20 1 0 0 0 0 0 0
`;
    assert.deepEqual(parseNetBytes(text), { receivedBytes: 110, sentBytes: 220 });
    assert.deepEqual(parseNetBytes(''), { receivedBytes: 0, sentBytes: 0 });
  });

  it('load of the last minute', () => {
    assert.equal(parseLoad1('0.52 0.58 0.59 1/467 12345\n'), 0.52);
    assert.equal(parseLoad1(''), 0);
  });
});
