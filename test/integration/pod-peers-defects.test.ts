import assert from 'node:assert/strict';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parsePortHolders } from '@dolphin/runtime';
import { eventually } from '../support/eventually.js';
import { srsBinary } from '../support/paths.js';
import { isAlive, processesWith } from '../support/processes.js';
import { connectClient, fakeBinary, startPod } from './pod-support/test-pod.js';

/*
 * What went wrong in servers of this kind before, each once. Those that have their test elsewhere:
 *   an edge that died is not started again      pod-alone: 'starts a dead edge again'
 *   connecting without a limit, or a next try   pod-relay: 'tries the next one when the first …'
 *   a failed connect stays in the load          pod-hand-off: 'is counted where it was connected, …'
 *   an early leaver is waited for, for ever     pod-relay: 'forgets a client that leaves before it said anything, …'
 *   the edge goes on sending to nobody          pod-relay: 'closes the edge connection when the player leaves'
 *   counts that drift                           pod-resources: 'leaks none over many clients …'
 *   200 and nothing when no edge is left        pod-hand-off: 'closes RTMP and answers 503 to HTTP …'
 *   ?token= is dropped                          pod-relay: 'by X-Real-IP, in place of what the client claims'
 *   clients stay with what is dead              pod-hand-off: 'ends with its edge, and the next one goes to another'
 */
const slow = { deadlineMs: 30_000 };

describe('dolphin does not', () => {
  it('kill the others when one pool of edges is empty, nor itself when all are', async (t) => {
    const engines = (dir: string) => [`fake=${fakeBinary(dir)}`, `relayed=${fakeBinary(dir, 'relay')}`];
    const pod = await startPod(t, { engines, relays: 1 });
    await pod.command({ type: 'spawn', edge: await pod.edge(0, { engine: 'relayed' }) });
    await pod.command({ type: 'spawn', edge: await pod.edge(1, { engine: 'fake' }) });
    const rows = async () => (await pod.state()).edges;
    await eventually(async () => (await rows()).every((edge) => edge.state === 'ready'), {
      what: 'both are ready',
      ...slow,
    });
    const clients = await Promise.all([0, 1].map(() => connectClient(t, pod.rtmp)));
    const served = await Promise.all(clients.map((client) => client.served()));
    const handedOff = clients[served.findIndex(({ how }) => how === 'hand-off')];
    const relay = () => processesWith(pod.runDir).find(({ command }) => command.startsWith('dolphin-relay'))?.pid;
    const relayPid = relay();
    const [relayed, fake] = await rows();
    /** From now on it ends at once, however often it is started. */
    const ruin = (name: string, pid: number) => {
      const path = join(pod.dir, name);
      writeFileSync(`${path}.new`, '#!/bin/sh\n[ "$1" = -v ] && echo 5.0.216\nexit 1\n', { mode: 0o755 });
      renameSync(`${path}.new`, path);
      process.kill(pid, 'SIGKILL');
    };
    ruin('fake-relay', relayed?.pid ?? 0);
    await eventually(async () => (await rows())[0]?.restarts === 3, { what: 'its pool is empty', ...slow });
    assert.ok(isAlive(fake?.pid ?? 0) && !handedOff?.isClosed());
    assert.ok(relayPid !== undefined && relay() === relayPid);
    assert.equal((await (await connectClient(t, pod.rtmp)).served()).pid, fake?.pid);
    ruin('fake-hand-off', fake?.pid ?? 0);
    await eventually(async () => (await rows())[1]?.state !== 'ready', { what: 'the last one is gone', ...slow });
    const refused = await connectClient(t, pod.http, 'GET /live/a.flv HTTP/1.1\r\nHost: x\r\n\r\n');
    await refused.closed;
    assert.match(refused.text(), /^HTTP\/1\.1 503 /);
    assert.equal((await pod.state()).pid, pod.process().pid);
    assert.equal(relay(), relayPid);
  });

  for (const engine of ['builtin', 'srs']) {
    it(`leave the ports of an edge open on all addresses: ${engine}`, {
      skip: engine === 'srs' && srsBinary === undefined ? 'SRS_BIN names no SRS binary' : false,
    }, async (t) => {
      const pod = await startPod(t, { engines: () => (srsBinary === undefined ? [] : [`srs=${srsBinary}`]) });
      const [edge] = await pod.spawn(1, engine);
      const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFileSync(path, 'utf8'));
      for (const port of Object.values(edge?.ports ?? {})) {
        const holders = tables.flatMap((table) => parsePortHolders(port, table)).filter(({ listening }) => listening);
        const addresses = holders.map(({ localAddress }) => localAddress);
        assert.deepEqual([...new Set(addresses)], ['0100007F'], `port ${port}`);
      }
    });
  }

  it('lose the status and the headers of an answer that it relays', async (t) => {
    const pod = await startPod(t, { engines: () => [], mode: 'relay' });
    const [edge] = await pod.spawn(1, 'builtin');
    const ask = async (port: number) => {
      const head = 'GET /no-such-thing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
      const client = await connectClient(t, port, head);
      await client.closed;
      return client.text().replace(/^Date: .*\r\n/m, '');
    };
    const direct = await ask(edge?.ports.http ?? 0);
    assert.match(direct, /^HTTP\/1\.1 404 [\s\S]*\r\n\r\n/);
    assert.equal(await ask(pod.http), direct);
  });

  it('answer a refused request twice', async (t) => {
    const pod = await startPod(t, { engines: () => [] });
    for (const body of ['not json', '{"type":"spawn"}']) {
      const socket = connect(join(pod.runDir, 'pod.sock'));
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      const head = `POST /v1/commands HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`;
      socket.write(head + body);
      await new Promise((resolve) => socket.on('close', resolve));
      assert.equal(text.match(/HTTP\/1\.1 /g)?.length, 1, text);
      assert.match(text, /^HTTP\/1\.1 400 /);
    }
  });
});
