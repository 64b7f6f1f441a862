import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { sendEvents } from '@dolphin/master/http/sse.js';
import { EventRow } from '@dolphin/protocol';
import { onCleanup, type TestScope } from '../support/cleanup.js';
import { eventually } from '../support/eventually.js';
import { settledFarm } from './master-support/settled-farm.js';
import type { TestMaster } from './master-support/test-master.js';

/** What a reader got so far: rows, and the newest id. */
interface Follower {
  readonly rows: EventRow[];
  lastId: string;
  stop(): void;
}

async function follow(t: TestScope, master: TestMaster, headers: Record<string, string> = {}, query = '') {
  const end = new AbortController();
  onCleanup(t, () => end.abort());
  const response = await fetch(`http://127.0.0.1:${master.port}/api/v1/events${query}`, {
    headers: { accept: 'text/event-stream', ...headers },
    signal: end.signal,
  });
  assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'text/event-stream']);
  const follower: Follower = { rows: [], lastId: '', stop: () => end.abort() };
  const reading = async () => {
    let rest = '';
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) {
      const parts = (rest + decoder.decode(bytes, { stream: true })).split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        follower.lastId = /^id: (.*)$/m.exec(part)?.[1] ?? follower.lastId;
        const data = /^data: (.*)$/m.exec(part)?.[1];
        if (data !== undefined) follower.rows.push(EventRow.parse(JSON.parse(data)));
      }
    }
  };
  reading().catch(() => undefined);
  return follower;
}

test('events are followed from any sequence, as they come, also while NATS is away, and after a cut from the last id on', async (t) => {
  const { nats, master } = await settledFarm(t, 1);
  const follower = await follow(t, master);
  const inStep = async (what: string, one: Follower, from = 0) => {
    const ids = (rows: readonly EventRow[]) => rows.map(({ sequence, index }) => `${sequence}.${index}`).join();
    await eventually(async () => ids(one.rows) === ids((await master.events()).filter((row) => row.sequence > from)), {
      what,
    });
  };
  await inStep('all that was', follower);
  await master.applied({ perHost: 2 });
  await master.settled(2);
  await inStep('what comes', follower);

  await nats.crash();
  await master.until('NATS is away', ({ connected }) => !connected);
  const refused = await master.request('GET', '/api/v1/events', undefined, { accept: 'text/event-stream' });
  assert.equal(refused.body.error.code, 'E_BUS_UNAVAILABLE');
  await nats.restart();
  await eventually(async () => (await master.apply({ perHost: 3 })).status === 200, { what: 'applied' });
  await master.settled(3);
  await inStep('what comes after NATS was away', follower);

  follower.stop();
  const { lastId } = follower;
  assert.equal(Number(lastId), follower.rows.at(-1)?.sequence);
  await master.applied({ perHost: 4 });
  await master.settled(4);
  const again = await follow(t, master, { 'last-event-id': lastId }, '?after=1');
  await inStep('what was missed', again, Number(lastId));
});

test('a reader that takes nothing holds a bounded part of the stream, and is cut off', async (t) => {
  const text = `data: ${'x'.repeat(64 * 1024)}\n\n`;
  let taken = 0;
  let ended = false;
  async function* texts() {
    for (;;) {
      taken++;
      yield text;
    }
  }
  const server = createServer((_, raw) => {
    const end = new AbortController();
    const reply = { hijack: () => reply, raw } as unknown as Parameters<typeof sendEvents>[0];
    void sendEvents(reply, texts(), end, 100).then(() => {
      ended = end.signal.aborted;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onCleanup(t, () => server.close());
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  onCleanup(t, () => client.destroy());
  client.on('error', () => undefined);
  client.pause();
  client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await eventually(() => ended, { what: 'it is cut off' });
  // What the kernel holds for a connection, and one text.
  assert.ok(taken < 512, `${taken} texts of 64 KiB`);
});
