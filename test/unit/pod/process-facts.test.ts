import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dialectFrom, readsProxyHeader } from '@dolphin/pod/domain/dialect.js';
import { isInTheWay, judgePort } from '@dolphin/pod/domain/judge-port.js';
import { appendTail, EMPTY_TAIL, tailLines } from '@dolphin/pod/domain/log-tail.js';
import { aloneEdges, parsePorts } from '@dolphin/pod/domain/pod-options.js';
import { edgeRates, parseProcessStat } from '@dolphin/pod/domain/process-usage.js';
import { DOLPHIN_VERSION } from '@dolphin/protocol';
import type { PortHolder } from '@dolphin/runtime';

const LISTENER: PortHolder = { listening: true, inode: 777, localAddress: '0100007F' };
const OUTGOING: PortHolder = { listening: false, inode: 778, localAddress: '0200007F' };

describe('a port', () => {
  it('is judged free, in passing use, or taken, by who has it', () => {
    assert.equal(judgePort({ ownFree: false, holders: [LISTENER] }), 'taken');
    // An SRS shares its port: a bind may work, and it is taken all the same.
    assert.equal(judgePort({ ownFree: true, holders: [LISTENER] }), 'taken');
    assert.equal(judgePort({ ownFree: false, holders: [OUTGOING] }), 'passing');
    // From another loopback address, as our relays connect.
    assert.equal(judgePort({ ownFree: true, holders: [OUTGOING] }), 'free');
    assert.equal(judgePort({ ownFree: false, holders: [] }), 'taken');
  });

  it('is not taken by who listens on another address of the host: that may be another host of the farm', () => {
    const at = (localAddress: string) => isInTheWay({ ...LISTENER, localAddress }, '10.77.0.2');
    assert.equal(at('02004D0A'), true, 'the same');
    assert.equal(at('00000000'), true, 'all of them');
    assert.equal(at('0100007F'), false, '127.0.0.1');
    assert.equal(at('00000000000000000000000000000000'), true, 'all of them, and perhaps those of IPv4');
  });
});

describe('the figures of a process', () => {
  it('are read also when its name has spaces and parentheses', () => {
    const stat =
      '42 (a) b (c) S 1 1 1 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 11 0 100 1000000 2000 18446744073709551615';
    assert.deepEqual(parseProcessStat(stat), { cpuMs: 2000, rssBytes: 2000 * 4096 });
    assert.equal(parseProcessStat('nonsense'), null);
  });

  it('become rates between two samples of the same process', () => {
    const before = { at: 0, pid: 1, cpuMs: 100, sentBytes: 1000 };
    assert.deepEqual(edgeRates(before, { at: 2000, pid: 1, cpuMs: 300, sentBytes: 126_000 }), {
      cpuPercent: 10,
      kbitPerS: 500,
    });
    assert.deepEqual(edgeRates(before, { at: 2000, pid: 2, cpuMs: 300, sentBytes: 126_000 }), {
      cpuPercent: 0,
      kbitPerS: 0,
    });
  });
});

describe('the last lines of a process', () => {
  it('are ten at most, without colours, and the one that was not ended counts', () => {
    let tail = EMPTY_TAIL;
    for (let i = 0; i < 30; i++) tail = appendTail(tail, `line \u001b[31m${i}\u001b[0m\r\n`);
    tail = appendTail(tail, 'last ');
    tail = appendTail(tail, 'words');
    const lines = tailLines(tail);
    assert.equal(lines.length, 10);
    assert.deepEqual(lines.slice(-2), ['line 29', 'last words']);
  });

  it('take no more memory for a line without an end', () => {
    let tail = EMPTY_TAIL;
    for (let i = 0; i < 100; i++) tail = appendTail(tail, 'x'.repeat(10_000));
    assert.ok(tail.open.length <= 512);
  });
});

describe('the dialect of a binary', () => {
  it('follows from what it says of its version', () => {
    assert.equal(dialectFrom('5.0.216\n'), 'srs5');
    assert.equal(dialectFrom('6.0.155'), 'srs5');
    assert.equal(dialectFrom('4.0.271'), 'srs4');
    assert.equal(dialectFrom('2.0.276'), 'srs2');
    assert.equal(dialectFrom('dolphin-edge 5.0'), 'builtin');
    assert.equal(dialectFrom(`${DOLPHIN_VERSION}\n`), 'builtin');
    assert.equal(dialectFrom('usage: …'), null);
  });

  it('decides who is sent the RTMP proxy header', () => {
    assert.deepEqual((['builtin', 'srs2', 'srs3', 'srs5'] as const).map(readsProxyHeader), [false, false, true, true]);
  });
});

describe('the ports of a pod alone', () => {
  it('go in pairs and are named once', () => {
    const at = (apiBase: number, publicPorts: number[] = []) => ({ apiBase, publicPorts });
    const stream = [
      { rtmp: 1, http: 3, api: 10 },
      { rtmp: 2, http: 4, api: 11 },
    ];
    assert.deepEqual(aloneEdges([1, 2], [3, 4], null, at(10, [20, 21])), { stream, http: null });
    const http = { rtmp: 5, http: 6, api: 12 };
    assert.deepEqual(aloneEdges([1, 2], [3, 4], [5, 6], at(10, [20, 21])), { stream, http });
    assert.ok('why' in aloneEdges([1, 2], [3], null, at(10)));
    assert.ok('why' in aloneEdges([1], [3], null, at(3)));
    assert.ok('why' in aloneEdges([1], [3], null, at(10, [1])));
    assert.ok('why' in aloneEdges([1, 2], [3, 4], null, at(65535)));
    assert.ok('why' in aloneEdges([1], [3], [5], at(10)));
    assert.ok('why' in aloneEdges([1], [3], [5, 11], at(10)));
    assert.deepEqual(parsePorts('1935, 19350'), [1935, 19350]);
    for (const bad of ['', 'a', '1,', '0', '65536', '-1']) assert.equal(parsePorts(bad), null, bad);
  });
});
