import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LiveSettings } from '@dolphin/edge/app/live-settings.js';
import { type EdgeSettings, readSettings } from '@dolphin/edge/domain/settings.js';
import { ConfError, parseConf } from '@dolphin/srs';

const quiet = { info: () => undefined, warn: () => undefined, debug: () => undefined };

/** A server whose conf is a text, and whose time stands still until `pass`. */
function server(first: string) {
  let text: string | null = first;
  let due: (() => void)[] = [];
  let reads = 0;
  let ids = 0;
  const source = {
    load: () => {
      reads++;
      if (text === null) throw new ConfError('edge.conf', 1, 'cannot read', { cause: new Error('ENOENT') });
      return parseConf(text, 'edge.conf');
    },
    check: (conf: ReturnType<typeof parseConf>): EdgeSettings => readSettings(conf).settings,
  };
  const timers = {
    now: () => 0,
    after: (_: number, fn: () => void) => {
      due.push(fn);
      return () => undefined;
    },
  };
  const newId = () => `id${ids++}`;
  const live = new LiveSettings(source.check(source.load()), source, { timers, log: quiet, newId });
  const changes: EdgeSettings[] = [];
  live.onChange((settings) => changes.push(settings));
  return {
    live,
    changes,
    reads: () => reads,
    write: (next: string | null) => {
      text = next;
    },
    pass: () => {
      for (const fn of due.splice(0)) fn();
      due = [];
    },
  };
}

const GOOD = 'listen 1; vhost a { mode remote; origin x; }';

describe('the settings of a server that runs', () => {
  it('are replaced by a good conf, once for all that ask meanwhile', () => {
    const { live, changes, reads, write, pass } = server(GOOD);
    assert.deepEqual(live.last, { err: 0, msg: 'Success', state: 0, rid: 'id0' });
    write('listen 1; max_connections 7; vhost a { mode remote; origin x; }');
    for (let i = 0; i < 5; i++) live.reload();
    assert.equal(live.current.maxConnections, 1000);
    pass();
    assert.deepEqual([reads(), live.current.maxConnections, changes.length], [2, 7, 1]);
    assert.deepEqual(live.last, { err: 0, msg: 'Success', state: 90, rid: 'id1' });
    live.reload();
    pass();
    assert.deepEqual([changes.length, live.last.rid], [1, 'id2']);
  });

  it('stay as they are with one that is not there, not readable, or refused, and the report says which', () => {
    const { live, changes, write, pass } = server(GOOD);
    const before = live.current;
    for (const [text, err, state, msg] of [
      [null, 1042, 10, /cannot read/],
      ['listen 1; vhost a {', 1023, 10, /edge\.conf:1/],
      ['listen x; vhost a { }', 1023, 20, /listen is/],
      ['listen 1; vhost a { }', 2023, 30, /another mode/],
    ] as const) {
      write(text);
      live.reload();
      pass();
      assert.deepEqual([live.last.err, live.last.state], [err, state]);
      assert.match(live.last.msg, msg);
    }
    assert.equal(live.current, before);
    assert.equal(changes.length, 0);
    write(GOOD);
    live.reload();
    pass();
    assert.equal(live.last.state, 90);
  });

  it('tell what waits for a start', () => {
    const { live, write, pass } = server(GOOD);
    write(GOOD.replace('listen 1', 'listen 2'));
    live.reload();
    pass();
    assert.deepEqual(live.last.kept, ['listen']);
    assert.deepEqual(live.current.rtmp, [{ address: '', port: 1 }]);
  });
});
