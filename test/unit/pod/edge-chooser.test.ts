import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_CHOICES } from '@dolphin/pod/app/choice-ring.js';
import { EdgeChooser, type EdgeNow } from '@dolphin/pod/app/edge-chooser.js';
import type { Client } from '@dolphin/pod/app/ports.js';
import { loadPodConfig } from '@dolphin/pod/config.js';
import { EdgeChoice } from '@dolphin/protocol';
import { handClock } from './hand-clock.js';

const client = (id: number, over: Partial<Client> = {}): Client => {
  return { id, protocol: 'rtmp', address: '', socket: { destroyed: false, destroy: () => undefined }, ...over };
};

function setUp(edges: EdgeNow[]) {
  const clock = handClock();
  const said: string[] = [];
  const keep = (_details: object, message: string) => void said.push(message);
  const seen = { returned: 0 };
  const chooser = new EdgeChooser({
    timers: clock.timers,
    now: () => 0,
    log: { info: keep, warn: keep, error: keep },
    explain: null,
    policy: { ...loadPodConfig(undefined, {}).balance, ejection: { failures: 2, baseMs: 1000, maxMs: 4000 } },
    edges: () => edges,
    onReturned: () => {
      seen.returned += 1;
    },
  });
  const best = () => {
    const choice = chooser.choose(client(1), edges);
    return choice.type === 'edges' ? choice.names[0] : choice.reason;
  };
  return { chooser, clock, said, seen, best };
}
const edge = (name: string, clients = 0, over: Partial<EdgeNow> = {}): EdgeNow => {
  return { name, slotName: name, clients, ready: true, busy: false, full: false, ...over };
};

describe('the chooser of edges', () => {
  it('says once that an edge is ejected and once that it is back, and counts why', () => {
    const { chooser, clock, said, seen, best } = setUp([edge('a'), edge('b', 5)]);
    assert.equal(best(), 'a');
    for (let i = 0; i < 5; i++) chooser.onFailure('a', 'connect-failed');
    assert.equal(best(), 'b');
    assert.deepEqual(chooser.standingOf('a'), { ejectedForMs: 1000, failures: { 'connect-failed': 5, ejected: 1 } });
    clock.pass(999);
    assert.deepEqual([best(), seen.returned], ['b', 0]);
    clock.pass(1);
    assert.deepEqual([best(), seen.returned], ['a', 1]);
    assert.deepEqual(said, ['ejected: it gets no clients for now', 'no longer ejected']);
  });

  it('ejects no edge while no other takes clients: not ready, busy, full or ejected ones are none', () => {
    const others = [edge('b', 0, { ready: false }), edge('c', 0, { full: true }), edge('d', 0, { busy: true })];
    const { chooser, best } = setUp([edge('a'), ...others]);
    for (let i = 0; i < 9; i++) chooser.onFailure('a', 'not-taken');
    assert.equal(best(), 'a');
    const two = setUp([edge('a'), edge('b', 5)]);
    for (const name of ['a', 'a', 'b', 'b', 'b']) two.chooser.onFailure(name, 'not-taken');
    assert.equal(two.best(), 'b');
    assert.equal(two.chooser.standingOf('b').ejectedForMs, undefined);
  });

  it('blames no new process for the connections that its dead one refused', () => {
    const edges = [edge('a', 0, { ready: false }), edge('b')];
    const { chooser } = setUp(edges);
    for (let i = 0; i < 9; i++) chooser.onFailure('a', 'connect-failed');
    assert.equal(chooser.standingOf('a').ejectedForMs, undefined);
    for (let i = 0; i < 2; i++) chooser.onFailure('a', 'died-before-taking');
    assert.equal(chooser.standingOf('a').ejectedForMs, 1000);
  });

  it('forgets an edge when another one has its name, and counts nothing of one that is gone', () => {
    const edges = [edge('a'), edge('b', 5)];
    const { chooser, clock, said, seen } = setUp(edges);
    const [first, second] = [{}, {}];
    chooser.onReady('a', first);
    for (let i = 0; i < 2; i++) chooser.onFailure('a', 'connect-failed');
    chooser.onReady('a', first);
    assert.equal(chooser.standingOf('a').ejectedForMs, 1000, 'a new process of the same edge');
    edges.shift();
    chooser.onFailure('a', 'connect-failed');
    assert.equal(chooser.standingOf('a').failures?.['connect-failed'], 2);
    chooser.onReady('a', second);
    assert.deepEqual(chooser.standingOf('a'), {});
    clock.pass(1000);
    assert.deepEqual([said, seen.returned], [['ejected: it gets no clients for now'], 0]);
  });

  it('holds a young edge back in a burst, and less and less', () => {
    const edges = [edge('old', 1000), edge('new', 150)];
    const { chooser, clock, best } = setUp(edges);
    chooser.onReady('new', {});
    assert.equal(best(), 'old');
    clock.pass(2500);
    assert.equal(best(), 'new');
  });

  it('keeps one choice of a client that tries again and again in vain', () => {
    const edges = [edge('a', 0, { ready: false })];
    const { chooser } = setUp(edges);
    const kept = () =>
      chooser.lastChoices(9999, null, () => null).choices.map((choice) => [choice.client, choice.rule]);
    for (let i = 0; i < 5; i++) for (const id of [1, 2]) chooser.choose(client(id), edges);
    const vain = [
      [2, 'no-ready-edge'],
      [1, 'no-ready-edge'],
    ];
    assert.deepEqual(kept(), vain);
    const there = [edge('a')];
    chooser.choose(client(1), there);
    chooser.choose(client(1), edges);
    assert.deepEqual(kept(), [[1, 'no-ready-edge'], [1, 'only-edge'], ...vain]);
    for (let id = 10; id < 10 + MAX_CHOICES; id++) chooser.choose(client(id), there);
    chooser.choose(client(2), edges);
    assert.deepEqual(kept()[0], [2, 'no-ready-edge'], 'what it had is no longer there');
  });

  it('keeps the last choices and no more, and tells them in the form of its API', () => {
    const edges = [edge('stream-0'), edge('stream-1', 0, { ready: false })];
    const { chooser } = setUp(edges);
    for (let id = 1; id <= MAX_CHOICES + 10; id++) chooser.choose(client(id, { stream: 'v/live/a' }), edges);
    const { choices } = chooser.lastChoices(1_000_000, null, () => 'stream-0');
    assert.equal(choices.length, MAX_CHOICES);
    assert.deepEqual([choices[0]?.n, choices.at(-1)?.n], [MAX_CHOICES + 10, 11]);
    for (const choice of choices) EdgeChoice.parse(choice);
    assert.deepEqual(
      chooser.lastChoices(5, 12, () => null).choices.map((choice) => choice.client),
      [12],
    );
  });
});
