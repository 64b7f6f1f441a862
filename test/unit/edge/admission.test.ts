import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Admission } from '@dolphin/edge/app/admission.js';
import {
  HOOK_TIMEOUT_MS,
  HookCalls,
  MAX_NOTICES,
  MAX_QUESTIONS,
  MAX_WAITING_NOTICES,
  MAX_WAITING_QUESTIONS,
} from '@dolphin/edge/app/hook-calls.js';
import type { ShowToken, TokenAnswer } from '@dolphin/edge/app/token-check.js';
import type { HookAnswer } from '@dolphin/edge/domain/hook-message.js';
import { readSettings } from '@dolphin/edge/domain/settings.js';
import type { Visit } from '@dolphin/edge/domain/visit.js';
import { parseConf } from '@dolphin/srs';

const log = { info: () => undefined, warn: () => undefined, debug: () => undefined };
const HOOKS = `http_hooks { enabled on; on_connect http://h/connect; on_close http://h/close; on_play http://h/play http://h/play2;
  on_stop http://h/stop; on_publish http://h/publish; on_unpublish http://h/unpublish; }`;

/** What restricts a vhost, with a hook server that answers when the test says so. */
function admission(vhost: string, showToken: ShowToken = async () => ({ is: 'accepted' })) {
  const settings = readSettings(parseConf(`listen 1; vhost a { ${vhost} }`, 'edge.conf')).settings.vhosts.get('a')!;
  const calls: {
    path: string;
    body: Record<string, unknown>;
    answer: (what: HookAnswer) => void;
    cancelled: boolean;
  }[] = [];
  const due: (() => void)[] = [];
  let dropped = 0;
  let crowded = 0;
  const hooks = new HookCalls({
    post: (url, body, answer) => {
      const call = { path: new URL(url).pathname.slice(1), body: JSON.parse(body), answer, cancelled: false };
      calls.push(call);
      return () => {
        call.cancelled = true;
      };
    },
    timers: {
      now: () => 0,
      after: (ms, fn) => {
        assert.equal(ms, HOOK_TIMEOUT_MS);
        due.push(fn);
        return () => due.splice(due.indexOf(fn), 1);
      },
    },
    log,
    onDropped: () => dropped++,
    onCrowded: () => crowded++,
  });
  const guest = () => new Admission({ server: { serverId: 's', serviceId: 'l' }, calls: hooks, showToken }).guest();
  const visit = (o: Partial<Visit> = {}): Visit => ({
    ...{
      id: 'c',
      address: '192.0.2.1',
      over: 'rtmp',
      tcUrl: 'rtmp://a/live',
      pageUrl: 'http://a.com/',
      swfUrl: '',
      args: {},
      hops: [],
    },
    ...{ use: 'play', key: { vhost: 'a', app: 'live', stream: 's' }, settings, query: '' },
    ...o,
  });
  return {
    guest,
    visit,
    calls,
    due,
    paths: () => calls.map(({ path }) => path),
    dropped: () => dropped,
    crowded: () => crowded,
  };
}

const YES = { status: 200, body: '0' };
const turns = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

describe('a guest', () => {
  it('is asked about by each hook in turn, and its end is told in order', async () => {
    const { guest, visit, calls, paths } = admission(HOOKS);
    const one = guest();
    const entered = one.enter(visit());
    for (let i = 0; i < 3; i++) {
      await turns();
      calls.at(-1)?.answer(YES);
    }
    assert.equal(await entered, null);
    assert.deepEqual(paths(), ['connect', 'play', 'play2']);
    one.leave();
    one.leave();
    one.close(10, 20);
    await turns();
    assert.equal(paths().at(-1), 'stop', 'on_close waits for on_stop');
    calls.at(-1)?.answer({ failed: 'gone' });
    await turns();
    assert.deepEqual(paths().slice(3), ['stop', 'close']);
    assert.deepEqual([calls.at(-1)?.body['send_bytes'], calls.at(-1)?.body['recv_bytes']], [10, 20]);
  });

  it('stays out when a hook refuses, and those behind it are not asked', async () => {
    const { guest, visit, calls, paths } = admission(HOOKS);
    const entered = guest().enter(visit({ use: 'publish' }));
    calls[0]?.answer({ status: 200, body: '1' });
    assert.deepEqual(await entered, { by: 'hook', why: 'it answered no code' });
    assert.deepEqual(paths(), ['connect']);
  });

  it('stays out when no answer comes in time, which ends the call', async () => {
    const { guest, visit, calls, due } = admission(HOOKS);
    const entered = guest().enter(visit());
    due[0]?.();
    assert.equal((await entered)?.by, 'hook');
    assert.equal(calls[0]?.cancelled, true);
  });

  it('that leaves while it is asked about is asked about no further, and its end is told after that', async () => {
    const { guest, visit, calls, paths } = admission(HOOKS);
    const one = guest();
    void one.enter(visit());
    one.close(0, 0);
    await turns();
    assert.deepEqual(paths(), ['connect']);
    calls[0]?.answer(YES);
    await turns();
    assert.deepEqual(paths(), ['connect', 'close']);
  });

  it('over HTTP is asked about by on_play alone, and its page is nobody’s business', async () => {
    const { guest, visit, calls, paths } = admission(`${HOOKS} refer { enabled on; all b.com; }`);
    const one = guest();
    const entered = one.enter(visit({ over: 'http' }));
    for (let i = 0; i < 2; i++) {
      await turns();
      calls.at(-1)?.answer(YES);
    }
    assert.equal(await entered, null);
    one.close(0, 0);
    await turns();
    calls.at(-1)?.answer(YES);
    await turns();
    assert.deepEqual(paths(), ['play', 'play2', 'stop']);
  });

  it('whose page is none of those that may is refused before any hook', async () => {
    const { guest, visit, paths } = admission(`${HOOKS} refer { enabled on; all b.com; }`);
    assert.equal((await guest().enter(visit()))?.by, 'refer');
    assert.deepEqual(paths(), []);
  });

  it('that is denied by its address was announced by on_connect, and by nothing else', async () => {
    const { guest, visit, calls, paths } = admission(`${HOOKS} security { enabled on; deny play 192.0.2.0/24; }`);
    const entered = guest().enter(visit());
    calls[0]?.answer(YES);
    assert.equal((await entered)?.by, 'security');
    assert.deepEqual(paths(), ['connect']);
  });
});

describe('token_traverse', () => {
  const TRAVERSE = 'cluster { mode remote; origin a b:1936; token_traverse on; }';
  const asked = (...answers: TokenAnswer['is'][]) => {
    const shown: string[] = [];
    const show: ShowToken = async ({ host, port }, { tcUrl }, app, hops) => {
      shown.push(`${host}:${port} ${tcUrl} ${app} ${hops.join()}`);
      const is = answers.shift() ?? 'accepted';
      return is === 'accepted' ? { is } : { is, why: 'no' };
    };
    return { shown, ...admission(`${HOOKS} ${TRAVERSE}`, show) };
  };

  it('shows who connects to the first origin that can be reached, and its word holds', async () => {
    const { shown, guest, visit } = asked('unreachable', 'refused', 'accepted', 'unreachable', 'unreachable');
    const connect = () => guest().connect(visit(), visit().settings, 'live', false);
    assert.deepEqual(await connect(), { by: 'token', why: 'no' });
    assert.deepEqual(shown, ['a:1935 rtmp://a/live live s', 'b:1936 rtmp://a/live live s']);
    assert.equal(await connect(), null);
    assert.equal((await connect())?.by, 'token', 'no origin is no consent');
  });

  it('asks once for a vhost, but again for another that a stream names', async () => {
    const { shown, guest, visit, calls } = asked();
    const one = guest();
    await one.connect(visit(), visit().settings, 'live', false);
    const enter = async (o: Partial<Visit> = {}) => {
      const entered = one.enter(visit(o));
      for (let i = 0; i < 3; i++) {
        await turns();
        calls.at(-1)?.answer(YES);
      }
      return await entered;
    };
    assert.equal(await enter(), null);
    assert.equal(shown.length, 1);
    assert.equal(await enter({ settings: { ...visit().settings, name: 'other' } }), null);
    assert.equal(shown.length, 2);
  });

  it('does not ask for an edge that pulls, and does for an HTTP player', async () => {
    const { shown, guest, visit, calls } = asked('refused');
    assert.equal(await guest().connect(visit(), visit().settings, 'live', true), null);
    assert.equal(shown.length, 0);
    assert.equal((await guest().enter(visit({ over: 'http' })))?.by, 'token');
    assert.equal(calls.length, 0, 'no hook hears of it');
  });

  it('means nothing to an origin', async () => {
    const { guest, visit } = admission('cluster { mode local; token_traverse on; }');
    assert.equal(visit().settings.access, null);
    assert.equal(await guest().enter(visit()), null);
  });
});

describe('calls of hooks', () => {
  it('are bounded, and who waits for a place gets the next, or a refusal when its time is over', async () => {
    const { guest, visit, calls, due } = admission('http_hooks { enabled on; on_play http://h/play; }');
    const entered = Array.from({ length: MAX_QUESTIONS + 2 }, () => guest().enter(visit()));
    await turns();
    assert.equal(calls.length, MAX_QUESTIONS);
    due[MAX_QUESTIONS]?.();
    assert.equal((await entered[MAX_QUESTIONS])?.by, 'hook');
    calls[0]?.answer(YES);
    assert.equal(await entered[0], null);
    await turns();
    assert.equal(calls.length, MAX_QUESTIONS + 1, 'the place went to the one behind the one that gave up');
    for (const { answer } of calls) answer(YES);
    assert.equal(await entered.at(-1), null);
  });

  it('are refused at once where too many wait, and who leaves waits no more', async () => {
    const { guest, visit, calls, paths, crowded } = admission(
      'http_hooks { enabled on; on_play http://h/play http://h/play2; on_stop http://h/stop; on_close http://h/close; }',
    );
    const guests = Array.from({ length: MAX_QUESTIONS + MAX_WAITING_QUESTIONS }, guest);
    const entered = guests.map((one) => one.enter(visit()));
    assert.equal(crowded(), 0);
    assert.deepEqual(await guest().enter(visit()), { by: 'hook', why: 'too many are asked about' });
    assert.equal(crowded(), 1);
    for (const one of guests.slice(MAX_QUESTIONS)) one.close(0, 0);
    assert.equal((await entered.at(-1))?.by, 'hook');
    assert.deepEqual([...new Set(paths())], ['play', 'close'], 'as far as there are places');
    const next = guest().enter(visit());
    // Who left when it was asked about is asked about to the end: that is told where all consent.
    guests[0]?.close(0, 0);
    calls[0]?.answer(YES);
    await turns();
    assert.deepEqual(calls.filter(({ path }) => path.startsWith('play')).length, MAX_QUESTIONS + 1);
    for (let i = 1; i < MAX_QUESTIONS; i++) calls[i]?.answer({ status: 200, body: '1' });
    await turns();
    calls.findLast(({ path }) => path === 'play2')?.answer(YES);
    assert.equal(await entered[0], null);
    calls.findLast(({ path }) => path === 'play')?.answer({ status: 200, body: '1' });
    assert.equal((await next)?.by, 'hook');
    assert.equal(crowded(), 1);
  });

  it('that tell of an end are dropped above a bound, and keep no question waiting', async () => {
    const { guest, visit, paths, dropped } = admission(
      'http_hooks { enabled on; on_play http://h/play; on_close http://h/close; }',
    );
    for (let i = 0; i < MAX_WAITING_NOTICES + 3; i++) {
      const one = guest();
      void one.connect(visit(), visit().settings, 'live', false);
      await turns();
      one.close(0, 0);
    }
    await turns();
    assert.equal(dropped(), 3);
    assert.equal(paths().length, MAX_NOTICES);
    void guest().enter(visit());
    await turns();
    assert.equal(paths().at(-1), 'play');
  });
});
