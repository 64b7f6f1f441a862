import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventRow } from '@dolphin/protocol';
import type { TestScope } from '../support/cleanup.js';
import { eventually } from '../support/eventually.js';
import { startProcess } from '../support/processes.js';
import { cli, cliMain, fakeMaster, refusal } from './cli-support/fake-farm.js';

/** A log of this many entries; every tenth message holds a second one. */
function logOf(count: number): EventRow[] {
  return Array.from({ length: count }, (_, index): EventRow[] => {
    const sequence = index + 1;
    const row = (at: number): EventRow => ({
      ...{ sequence, index: at, at: '2026-11-21T10:31:02.120Z', kind: 'decision', by: 'm1', type: 'host-returned' },
      ...{ id: `${sequence}.${at}`, data: { host: 'h1' } },
      ...(sequence > 1 && { causationId: `${sequence - 1}.0` }),
    });
    return sequence % 10 === 0 ? [row(0), row(1)] : [row(0)];
  }).flat();
}

/** Pages as the master gives them: whole messages, and no more than a thousand entries asked for at a time. */
function masterWith(t: TestScope, log: readonly EventRow[], undecodable = 0): Promise<string> {
  return fakeMaster(t, {
    'GET /api/v1/events': ({ query }) => {
      const limit = Number(query.get('limit'));
      if (!(limit >= 1 && limit <= 1_000)) return refusal('E_BAD_REQUEST', `limit ${limit}`);
      const rest = log.filter(({ sequence }) => sequence > Number(query.get('after')));
      const end = rest[limit - 1]?.sequence ?? Number.POSITIVE_INFINITY;
      const events = rest.filter(({ sequence }) => sequence <= end);
      const lastSequence = Math.max(log.at(-1)?.sequence ?? 0, undecodable);
      const upTo = Math.min(end, Math.max(lastSequence, Number(query.get('after'))));
      return { body: { lastSequence, upTo, events } };
    },
  });
}

const rowsOf = (stdout: string) => JSON.parse(stdout).events as EventRow[];

test('events shows the newest entries, oldest first, each with its cause', async (t) => {
  const { code, stdout, stderr } = await cli(t, await masterWith(t, logOf(500)), 'events', '--limit', '2');
  assert.equal(code, 0, stderr);
  assert.equal(
    stdout,
    '-- 2026-11-21\n' +
      ' #500 10:31:02.120 decision host-returned h1 <- 499.0\n' +
      ' #500 10:31:02.120 decision host-returned h1 <- 499.0\n',
  );
});

test('--after reads on from a sequence, over as many pages as it takes, without a gap or a double', async (t) => {
  const log = logOf(2_500);
  const master = await masterWith(t, log);
  const { stdout, stderr } = await cli(t, master, 'events', '--after', '7', '--limit', '100000', '--json');
  const { schema, lastSequence } = JSON.parse(stdout);
  assert.deepEqual([schema, lastSequence, stderr], ['dolphin.events/1', 2_500, '']);
  assert.deepEqual(
    rowsOf(stdout).map(({ id }) => id),
    log.filter(({ sequence }) => sequence > 7).map(({ id }) => id),
  );
});

test('where the limit ends before the log does, it is said how to read on', async (t) => {
  const { stdout, stderr } = await cli(t, await masterWith(t, logOf(500)), 'events', '--after', '0', '--limit', '3');
  assert.match(stdout, /^ {3}#3 .* <- #2$/m);
  assert.equal(stderr, 'dolphin-cli: there is more: --after 3\n');
});

test('an end of the log that the master cannot decode is not promised as more', async (t) => {
  const { code, stderr } = await cli(t, await masterWith(t, logOf(20), 25), 'events');
  assert.deepEqual([code, stderr], [0, '']);
});

test('an empty log is no error', async (t) => {
  const { code, stdout } = await cli(t, await masterWith(t, []), 'events');
  assert.deepEqual([code, stdout], [0, '']);
});

test('without NATS the code of the master is said, with its exit code', async (t) => {
  const master = await fakeMaster(t, {
    'GET /api/v1/events': () => refusal('E_BUS_UNAVAILABLE', 'NATS does not answer: not connected'),
  });
  const { code, stdout, stderr } = await cli(t, master, 'events', '--json');
  assert.equal(code, 69);
  assert.equal(stderr, 'dolphin-cli: E_BUS_UNAVAILABLE: NATS does not answer: not connected\n');
  assert.deepEqual(JSON.parse(stdout), {
    schema: 'dolphin.error/1',
    error: { code: 'E_BUS_UNAVAILABLE', message: 'NATS does not answer: not connected', retryable: true },
  });
});

test('--follow asks a master that cannot be followed page by page, over a while in which it is away', async (t) => {
  const log = logOf(30);
  let asked = 0;
  const master = await fakeMaster(t, {
    'GET /api/v1/events': ({ query, headers }) => {
      if (headers.accept) return refusal('E_LIMITED', 'there are too many: readers that follow events');
      // 18, and then more; twice nobody knows.
      asked++;
      if (asked === 4 || asked === 5) return refusal('E_BUS_UNAVAILABLE', 'NATS does not answer');
      const lastSequence = asked <= 2 ? 18 : asked <= 3 ? 20 : 30;
      const after = Number(query.get('after'));
      const events = log.filter(({ sequence }) => sequence > after && sequence <= lastSequence);
      return { body: { lastSequence, upTo: Math.max(after, lastSequence), events } };
    },
  });
  const args = ['--api', master, 'events', '--after', '15', '--follow'];
  const json = startProcess(t, process.execPath, [cliMain, ...args, '--json']);
  const wanted = log.filter(({ sequence }) => sequence > 15).map(({ id }) => id);
  const documents = await eventually(
    () => {
      const lines = json.stdout().split('\n').slice(0, -1);
      return lines.length >= wanted.length ? lines.map((line) => JSON.parse(line)) : null;
    },
    { what: 'all that came' },
  );
  assert.deepEqual(
    documents.map(({ event }) => event.id),
    wanted,
  );
  assert.equal(documents[0].schema, 'dolphin.event/1');
  // It would go on asking, and be counted.
  await json.stop();
  assert.match(
    json.stderr(),
    /^dolphin-cli: E_LIMITED: .*; pages are asked for instead\n.*E_BUS_UNAVAILABLE: .*it is asked again\n.*it answers again/,
  );

  asked = 0;
  const words = startProcess(t, process.execPath, [cliMain, ...args]);
  await words.printed(/#30 .*\n.*#30 /);
  const lines = words.stdout().trimEnd().split('\n');
  assert.equal(lines.filter((line) => line.startsWith('-- ')).length, 1, 'a day begins once');
  assert.match(words.stdout(), /#19 .* <- #18$/m);
});

test('why follows causes back over pages, oldest first, and says what it did not find', async (t) => {
  const master = await masterWith(t, logOf(2_500));
  const json = await cli(t, master, 'why', '2400', '--json');
  assert.equal(json.code, 0, json.stderr);
  const { schema, about, events, missing } = JSON.parse(json.stdout);
  assert.deepEqual([schema, about, missing], ['dolphin.why/1', { sequence: 2400 }, []]);
  // Its second entry, too, has the one before for its cause.
  assert.deepEqual([events.length, events[0].sequence, events.at(-1).id], [2_401, 1, '2400.1']);
  const cut = await cli(t, await masterWith(t, logOf(40).slice(22)), 'why', '#23');
  assert.match(cut.stdout, /^-- 2026-11-21\n {2}#21 .*<- 20\.0\n {2}#22 .*<- #21\n {2}#23 .*<- #22\n$/);
  assert.equal(cut.stderr, 'dolphin-cli: the cause 20.0 is not in the log\n');
  const none = await cli(t, master, 'why', '9999');
  assert.deepEqual([none.code, none.stdout], [66, '']);
  assert.match(none.stderr, /E_NOT_FOUND: an entry with sequence 9999/);
  assert.equal((await cli(t, master, 'why', 'tuesday')).code, 64);
});
