import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  boundedProbes,
  MAX_TOKEN_PROBES,
  MAX_WAITING_PROBES,
  PROBE_WAIT_MS,
  type TokenAnswer,
  tokenRefusal,
} from '@dolphin/edge/app/token-check.js';
import type { Visitor } from '@dolphin/edge/domain/visit.js';

const visitor: Visitor = {
  ...{ id: 'c', address: '192.0.2.1', over: 'rtmp' },
  ...{ tcUrl: 'rtmp://h/live', pageUrl: '', swfUrl: '' },
};

/** Origins that answer when they are told to, and time that passes when it is told to. */
function stage() {
  let crowded = 0;
  const probes: ((answer: TokenAnswer) => void)[] = [];
  const late: (() => void)[] = [];
  const timers = {
    now: () => 0,
    after: (ms: number, fn: () => void) => {
      assert.equal(ms, PROBE_WAIT_MS);
      late.push(fn);
      return () => void late.splice(late.indexOf(fn), 1);
    },
  };
  const signals: AbortSignal[] = [];
  const show = boundedProbes(
    (...[, , , , gone]) => {
      signals.push(gone);
      return new Promise((resolve) => probes.push(resolve));
    },
    timers,
    () => crowded++,
  );
  const refusals: (string | null)[] = [];
  const ask = async (gone = new AbortController().signal) => {
    const why = await tokenRefusal(show, [{ host: 'origin', port: 1935 }], visitor, 'live', [], gone);
    refusals.push(why);
  };
  const pass = () => {
    for (const fn of late.splice(0)) fn();
  };
  return { probes, signals, ask, refusals, pass, crowded: () => crowded };
}

const turns = async () => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};

describe('clients that an origin is asked about', () => {
  it('wait for a place when there are too many, each in its turn', async () => {
    const { probes, ask, refusals } = stage();
    for (let i = 0; i < MAX_TOKEN_PROBES + 2; i++) void ask();
    assert.equal(probes.length, MAX_TOKEN_PROBES);
    probes[0]?.({ is: 'accepted' });
    await turns();
    assert.equal(probes.length, MAX_TOKEN_PROBES + 1);
    probes[MAX_TOKEN_PROBES]?.({ is: 'refused', why: 'no' });
    await turns();
    assert.equal(probes.length, MAX_TOKEN_PROBES + 2);
    assert.deepEqual(refusals, [null, 'no']);
  });

  it('do not come in when they waited too long, and take no place then', async () => {
    const { probes, ask, refusals, pass, crowded } = stage();
    for (let i = 0; i < MAX_TOKEN_PROBES + 1; i++) void ask();
    pass();
    await turns();
    assert.equal(crowded(), 1);
    assert.deepEqual(refusals, ['too many are asked about'], 'of those that have a place it is the probe that is late');
    probes[0]?.({ is: 'accepted' });
    await turns();
    assert.equal(probes.length, MAX_TOKEN_PROBES);
    void ask();
    assert.equal(probes.length, MAX_TOKEN_PROBES + 1);
  });

  it('do not even wait where too many do', async () => {
    const { probes, ask, refusals, crowded } = stage();
    for (let i = 0; i < MAX_TOKEN_PROBES + MAX_WAITING_PROBES; i++) void ask();
    await turns();
    assert.deepEqual([refusals, crowded()], [[], 0]);
    void ask();
    await turns();
    assert.deepEqual([refusals, crowded()], [['too many are asked about'], 1]);
    probes[0]?.({ is: 'accepted' });
    await turns();
    void ask();
    await turns();
    assert.equal(refusals.length, 2, 'a place in the line is free again');
  });

  it('give back their place in the line when they leave, and whoever asks for them hears of it', async () => {
    const { probes, signals, ask, refusals, crowded } = stage();
    const client = new AbortController();
    for (let i = 0; i < MAX_TOKEN_PROBES + MAX_WAITING_PROBES; i++) void ask(client.signal);
    assert.equal(signals[0]?.aborted, false);
    client.abort();
    await turns();
    assert.equal(signals[0]?.aborted, true, 'a probe under way is its origin’s to end');
    assert.equal(refusals.length, MAX_WAITING_PROBES);
    for (let i = 0; i < MAX_WAITING_PROBES; i++) void ask();
    probes[0]?.({ is: 'refused', why: 'it left' });
    await turns();
    assert.equal(probes.length, MAX_TOKEN_PROBES + 1, 'the next one in the line is one that is there');
    assert.equal(signals.at(-1)?.aborted, false);
    void ask(client.signal);
    await turns();
    assert.deepEqual(
      [refusals.length, crowded()],
      [MAX_WAITING_PROBES + 2, 0],
      'who is gone already is not asked about',
    );
  });
});
