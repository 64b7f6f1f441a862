import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { EventPage, EventRow } from '@dolphin/protocol';
import { onCleanup, type TestScope } from '../support/cleanup.js';
import { eventually } from '../support/eventually.js';
import { startProcess } from '../support/processes.js';
import { cliMain } from './cli-support/fake-farm.js';

const row = (sequence: number, index = 0): EventRow => ({
  ...{ sequence, index, at: '2026-11-21T10:31:02.120Z', kind: 'decision', by: 'm1', type: 'host-returned' },
  ...{ id: `${sequence}.${index}`, data: { host: 'h1' } },
});
/** A message of the log, as a master sends it: its last row has the id. */
const message = (...rows: EventRow[]) =>
  rows
    .map((one, index) => `${index === rows.length - 1 ? `id: ${one.sequence}\n` : ''}data: ${JSON.stringify(one)}\n\n`)
    .join('');

const nothing = (after: number): EventPage => ({ lastSequence: 15, upTo: Math.max(after, 15), events: [] });

/** A master with these pages, that does this with whoever follows. */
async function master(
  t: TestScope,
  follow: (response: ServerResponse, headers: IncomingHttpHeaders) => void,
  pages = nothing,
) {
  const server = createServer((request, response) => {
    if (!request.headers.accept?.includes('text/event-stream')) {
      const after = Number(new URL(request.url ?? '', 'http://m').searchParams.get('after'));
      response.end(JSON.stringify(pages(after)));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('retry: 1000\n\n');
    follow(response, request.headers);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onCleanup(t, async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('--follow goes on at another master behind the last whole message, so that each comes once', async (t) => {
  const seen: unknown[] = [];
  const one = await master(t, (response, headers) => {
    seen.push(headers['last-event-id']);
    // It dies in the middle of a message.
    response.write(`${message(row(16))}${message(row(17), row(17, 1))}data: ${JSON.stringify(row(18))}\n\n`);
    setImmediate(() => response.destroy());
  });
  const two = await master(t, (response, headers) => {
    seen.push(headers['last-event-id']);
    response.write(message(row(18), row(18, 1)));
    response.write(
      'event: undecodable\nid: 19\ndata: {"sequence":19,"at":"","subject":"","why":"a later version"}\n\n',
    );
    response.write(message(row(20)));
    response.write('event: rewound\nid: 0\ndata: {"why":"it was created anew"}\n\n');
    response.write(message(row(1)));
  });
  const args = ['--api', `${one},${two}`, 'events', '--after', '15', '--follow', '--json'];
  const cli = startProcess(t, process.execPath, [cliMain, ...args]);
  const ids = () =>
    cli
      .stdout()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).event.id);
  await eventually(() => ids().includes('1.0'), { what: 'all that both tell' });
  assert.deepEqual(ids(), ['16.0', '17.0', '17.1', '18.0', '18.1', '20.0', '1.0']);
  assert.deepEqual(seen, ['15', '17']);
  await cli.stop();
  assert.match(cli.stderr(), /E_UNREACHABLE: the master at .* does not answer: .*; it is asked again\n/);
  assert.match(
    cli.stderr(),
    /\d answers\n.*sequence 19 cannot be decoded: a later version\n.*the log was replaced: it was created anew/,
  );
});

test('a master whose events are of another version is not followed but asked for pages; a log anew begins anew', async (t) => {
  let log = { first: row(1), lastSequence: 15 };
  let asked = 0;
  const pages = (after: number): EventPage => {
    asked++;
    const { lastSequence, first } = log;
    return { lastSequence, upTo: Math.max(after, lastSequence), events: after === 0 ? [first] : [] };
  };
  const api = await master(t, (response) => void response.write('id: 16\ndata: {"sequence":"x"}\n\n'), pages);
  const cli = startProcess(t, process.execPath, [
    cliMain,
    '--api',
    api,
    'events',
    '--after',
    '15',
    '--follow',
    '--json',
  ]);
  await cli.printed(/E_UNSUPPORTED: the stream of events of \S+ is not supported: .*; pages are asked for instead\n/);
  // Shorter, but the same: a master that lags.
  log = { ...log, lastSequence: 9 };
  asked = 0;
  await eventually(() => asked > 6, { what: 'pages were asked for' });
  assert.equal(cli.stdout(), '');
  log = { first: { ...row(1), id: 'another' }, lastSequence: 3 };
  await eventually(() => cli.stdout().includes('"another"'), { what: 'the new log from its beginning' });
  await cli.stop();
  assert.equal(cli.stderr().split('\n').length, 3, cli.stderr());
});
