import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { fromRoot } from '../support/paths.js';
import { isAlive, processesWith, run, startProcess } from '../support/processes.js';
import { connectClient, connectServed, FARM_ID, fakeBinary, readText, startPod } from './pod-support/test-pod.js';

const engines = (dir: string) => [
  `fake=${fakeBinary(dir)}`,
  `relayed=${fakeBinary(dir, 'relay')}`,
  `missing=${join(dir, 'no-such-binary')}`,
];
const pids = (state: { edges: { pid: number | null }[] }) => state.edges.map((edge) => edge.pid ?? 0);

describe('commands', () => {
  it('start an edge once, however often the same spawn comes', async (t) => {
    const pod = await startPod(t, { engines });
    const edge = await pod.edge(0);
    const command = {
      id: 'c1',
      farmId: FARM_ID,
      host: 'h1',
      epoch: 1,
      term: 3,
      sequence: 7,
      causationId: 'decision-1',
      correlationId: 'asked-1',
      body: { type: 'spawn', edge },
    } as const;
    const both = await Promise.all([pod.send(command), pod.send(command)]);
    assert.deepEqual(
      both.map((reply) => reply.result === 'accepted' && reply.already),
      [false, true],
    );
    await eventually(async () => (await pod.state()).edges[0]?.state === 'ready', { what: 'it is ready' });
    assert.deepEqual(await pod.send(command), { result: 'accepted', already: true });
    // A new leader repeats the decision under its own term.
    assert.deepEqual(await pod.send({ ...command, id: 'c2', term: 4 }), { result: 'accepted', already: true });
    const started = (await pod.facts()).filter((fact) => fact.type === 'edge-started');
    assert.equal(started.length, 1);
    assert.equal(started[0]?.causationId, 'decision-1');
    assert.equal(started[0]?.correlationId, 'asked-1');
    const state = await pod.state();
    assert.equal(state.edges[0]?.term, 4);
    assert.equal(state.farmId, FARM_ID);
    const stale = await pod.send(command);
    assert.equal(stale.result === 'refused' && stale.code, 'E_TERM_STALE');
  });

  it('are refused with a code, and change nothing', async (t) => {
    const pod = await startPod(t, { engines });
    const [edge] = await pod.spawn(1, 'fake');
    assert.ok(edge);
    const code = async (reply: ReturnType<typeof pod.command>) => {
      const answer = await reply;
      return answer.result === 'refused' ? answer.code : answer.result;
    };
    const spawn = { type: 'spawn', edge } as const;
    assert.equal(await code(pod.command(spawn, { host: 'h2' })), 'E_HOST_MISMATCH');
    assert.equal(await code(pod.command(spawn, { farmId: 'b3c0a6a8-6a3c-4b7e-9d0f-0c8a5a1d2e3f' })), 'E_FARM_MISMATCH');
    assert.equal(await code(pod.command(spawn, { sequence: 0 })), 'E_COMMAND_STALE');
    const unknown = await pod.edge(1, { engine: 'srs9' });
    assert.equal(await code(pod.command({ type: 'spawn', edge: unknown })), 'E_ENGINE_UNKNOWN');
    const other = { ...edge, origins: ['127.0.0.1:2'] };
    assert.equal(await code(pod.command({ type: 'spawn', edge: other })), 'E_GENERATION_STALE');
    assert.equal((await pod.call('POST', '/v1/commands', 'not json')).status, 400);
    assert.equal((await pod.call('POST', '/v1/commands', { type: 'spawn' })).status, 400);
    assert.equal((await pod.call('POST', '/v1/commands', `"${'x'.repeat(300_000)}"`)).status, 413);
    assert.equal((await pod.call('GET', '/v1/nothing')).status, 404);
    assert.equal((await pod.facts()).filter((fact) => fact.type === 'edge-started').length, 1);
  });

  it('end an edge for good: its generation does not come back', async (t) => {
    const pod = await startPod(t, { engines });
    const [edge] = await pod.spawn(2, 'fake');
    assert.ok(edge);
    const client = await connectClient(t, pod.rtmp);
    assert.equal((await client.served()).edge, 'dolphin-h1-stream-0');
    const kill = { type: 'kill', role: 'stream', slot: 0, generation: 1 } as const;
    assert.equal((await pod.command(kill)).result, 'accepted');
    await eventually(async () => (await pod.state()).edges.length === 1, { what: 'its row is gone' });
    await client.closed;
    const facts = await pod.facts();
    const exited = facts.find((fact) => fact.type === 'edge-exited');
    assert.equal(exited?.type === 'edge-exited' && exited.asked, true);
    assert.equal(facts.at(-1)?.type, 'edge-removed');
    const again = await pod.command({ type: 'spawn', edge });
    assert.equal(again.result === 'refused' && again.code, 'E_GENERATION_STALE');
    assert.deepEqual(await pod.command(kill), { result: 'accepted', already: true });
    assert.equal((await pod.command({ type: 'spawn', edge: { ...edge, generation: 2 } })).result, 'accepted');
    await eventually(async () => (await pod.state()).edges[0]?.state === 'ready', { what: 'generation 2 is ready' });
  });

  it('replace an edge by its next generation on the same ports', async (t) => {
    const pod = await startPod(t, { engines });
    const [edge] = await pod.spawn(1, 'fake');
    assert.ok(edge);
    await pod.command({ type: 'spawn', edge: { ...edge, generation: 2, engine: 'relayed' } });
    const isReady = async () => {
      const [row] = (await pod.state()).edges;
      return row?.generation === 2 && row.state === 'ready' && row.transport === 'relay';
    };
    await eventually(isReady, { what: 'generation 2 is ready' });
    const client = await connectServed(t, pod.rtmp);
    assert.equal((await client.served()).how, 'relay');
    await eventually(async () => (await pod.state()).edges[0]?.clients === 1, { what: 'it is counted' });
    client.socket.destroy();
    await eventually(async () => (await pod.state()).clients === 0, { what: 'it is forgotten' });
  });
});

describe('an edge that cannot start', () => {
  it('is told of with the reason, and tried again', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.command({ type: 'spawn', edge: await pod.edge(0, { engine: 'missing' }) });
    const failed = await eventually(async () => (await pod.facts()).find((fact) => fact.type === 'edge-start-failed'), {
      what: 'the failure is told',
    });
    assert.ok(failed.type === 'edge-start-failed');
    assert.equal(failed.code, 'E_CONFIG');
    assert.match(failed.message, /no-such-binary cannot be run/);
    const state = await eventually(
      async () => {
        const [row] = (await pod.state()).edges;
        return row?.state === 'backing-off' && row.pid === null;
      },
      { what: 'it waits for its next try' },
    );
    assert.ok(state);
  });

  it('names the holder of a port that is taken, and starts when it is free', async (t) => {
    const pod = await startPod(t, { engines });
    const edge = await pod.edge(0);
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(edge.ports.rtmp, '127.0.0.1', resolve));
    await pod.command({ type: 'spawn', edge });
    const failed = await eventually(async () => (await pod.facts()).find((fact) => fact.type === 'edge-start-failed'), {
      what: 'the failure is told',
    });
    assert.ok(failed.type === 'edge-start-failed');
    assert.equal(failed.code, 'E_PORT_TAKEN');
    assert.ok(failed.message.includes(`port ${edge.ports.rtmp} `) && failed.message.includes(`pid ${process.pid}`));
    await new Promise((resolve) => holder.close(resolve));
    await eventually(async () => (await pod.state()).edges[0]?.state === 'ready', { what: 'it is ready' });
  });
});

describe('a pod', () => {
  it('leaves no process when it is killed, though one edge is stopped', async (t) => {
    const pod = await startPod(t, { engines, mode: 'relay', relays: 2 });
    await pod.spawn(3, 'fake');
    const children = pids(await pod.state());
    const relays = await eventually(
      () => {
        const found = processesWith(pod.runDir).filter(({ command }) => command.startsWith('dolphin-relay'));
        return found.length === 2 && found;
      },
      { what: 'both relays run' },
    );
    process.kill(children[1] ?? 0, 'SIGSTOP');
    await pod.process().stop('SIGKILL');
    await eventually(() => [...children, ...relays.map(({ pid }) => pid)].every((pid) => !isAlive(pid)), {
      what: 'all children are dead',
    });
    await eventually(() => processesWith(pod.runDir).length === 0, { what: 'nothing is left in its directory' });
  });

  it('that was killed comes back with its edges, its term and its numbers', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(2, 'fake');
    await pod.command({ type: 'adopt' }, { term: 5 });
    const before = await pod.state();
    await pod.process().stop('SIGKILL');
    // A line that the kill cut in two.
    appendFileSync(join(pod.runDir, 'happenings.jsonl'), '{"n":99,"at":"2026-');
    await pod.start();
    await eventually(async () => (await pod.state()).edges.filter((edge) => edge.state === 'ready').length === 2, {
      what: 'both edges are ready again',
    });
    const after = await pod.state();
    assert.equal(after.term, 5);
    assert.equal(after.farmId, FARM_ID);
    assert.deepEqual(
      after.edges.map(({ ports, generation, sequence }) => ({ ports, generation, sequence })),
      before.edges.map(({ ports, generation, sequence }) => ({ ports, generation, sequence })),
    );
    assert.notDeepEqual(pids(after), pids(before));
    const page = (await pod.call('GET', `/v1/happenings?after=${before.lastHappening}`)).body as {
      oldest: number;
      happenings: { n: number; fact: { type: string } }[];
    };
    assert.equal(page.oldest, 1);
    assert.equal(page.happenings[0]?.n, before.lastHappening + 1);
    assert.equal(page.happenings[0]?.fact.type, 'pod-started');
    const stale = await pod.command({ type: 'adopt' }, { term: 4 });
    assert.equal(stale.result === 'refused' && stale.code, 'E_TERM_STALE');
  });

  it('does not run twice in one directory', async (t) => {
    const pod = await startPod(t, { engines });
    const args = ['--run-dir', pod.runDir, '--host', 'h1', '--rtmp', '1', '--http', '2'];
    const second = await run(t, fromRoot('bin/dolphin-pod'), args);
    assert.equal(second.code, 1);
    assert.match(second.stderr, new RegExp(`runs already, pid ${pod.process().pid}`));
    assert.equal((await pod.state()).pid, pod.process().pid);
  });

  it('keeps its control socket and its files to its user', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(1, 'fake');
    for (const name of ['pod.sock', 'host.json', 'happenings.jsonl']) {
      assert.equal(statSync(join(pod.runDir, name)).mode & 0o777, 0o600, name);
    }
  });

  it('stops cleanly: no new clients, edges asked to end, exit code 0', async (t) => {
    for (const how of ['SIGTERM', 'POST'] as const) {
      const pod = await startPod(t, { engines });
      await pod.spawn(2, 'fake');
      const client = await connectClient(t, pod.rtmp);
      await client.served();
      const children = pids(await pod.state());
      if (how === 'SIGTERM') pod.process().kill('SIGTERM');
      else assert.equal((await pod.call('POST', '/v1/stop')).status, 202);
      const { code } = await pod.process().ends();
      assert.equal(code, 0);
      assert.ok(children.every((pid) => !isAlive(pid)));
      await client.closed;
      const lines = readText(join(pod.runDir, 'happenings.jsonl')).trim().split('\n');
      const last = lines.slice(-2).map((line) => (JSON.parse(line) as { fact: Record<string, unknown> }).fact);
      assert.ok(last.every((fact) => fact['type'] === 'edge-exited' && fact['asked'] === true));
      // What it was told to run is still written down.
      assert.equal((JSON.parse(readText(join(pod.runDir, 'host.json'))) as { slots: unknown[] }).slots.length, 2);
    }
  });

  it('starts a relay process again that dies, and counts none of its clients', async (t) => {
    const pod = await startPod(t, { engines, relays: 1 });
    await pod.spawn(1, 'relayed');
    const client = await connectServed(t, pod.rtmp);
    const relay = () => processesWith(pod.runDir).find(({ command }) => command.startsWith('dolphin-relay'))?.pid ?? 0;
    const pid = relay();
    process.kill(pid, 'SIGKILL');
    await client.closed;
    // One that came before the pod knew may be lost with the relay, but then it is closed, and comes again.
    await eventually(
      async () => {
        const next = await connectClient(t, pod.rtmp);
        await eventually(() => next.isClosed() || next.text() !== '', { what: 'it is served or closed' });
        return next.text() !== '';
      },
      { what: 'a client is served' },
    );
    await eventually(async () => (await pod.state()).clients === 1, { what: 'it alone is counted' });
    assert.notEqual(relay(), pid);
  });

  it('starts no relay process while every edge takes sockets', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.spawn(1, 'fake');
    const client = await connectClient(t, pod.rtmp);
    assert.equal((await client.served()).how, 'hand-off');
    assert.deepEqual(
      processesWith(pod.runDir).filter(({ command }) => command.startsWith('dolphin-relay')),
      [],
    );
  });

  it('leaves a host.json of another host alone', async (t) => {
    const pod = await startPod(t, { engines });
    await pod.process().stop();
    writeFileSync(
      join(pod.runDir, 'host.json'),
      JSON.stringify({ v: 1, host: 'h2', farmId: null, term: 0, slots: [] }),
    );
    const args = ['--run-dir', pod.runDir, '--host', 'h1', '--rtmp', String(pod.rtmp), '--http', String(pod.http)];
    const other = startProcess(t, fromRoot('bin/dolphin-pod'), args);
    assert.equal((await other.ends()).code, 77);
    assert.match(readFileSync(join(pod.runDir, 'host.json'), 'utf8'), /h2/);
  });
});

describe('the command line', () => {
  it('of a wrong call is answered by the usage and exit code 64', async (t) => {
    const calls = [
      [],
      ['--bogus'],
      ['--run-dir', '/tmp/x', '--host', 'Not A Host'],
      ['--run-dir', '/tmp/x', '--host', 'h1', '--rtmp', 'x'],
      ['alone', '-p', '1'],
      ['alone', '-p', '1', '-x', '2', '-s', '3,4', '-y', '5', '-c', 'conf'],
      ['alone', '-p', '1', '-x', '2', '-s', '3', '-y', '3', '-c', 'conf'],
      ['alone', '-w', '0', '-p', '1', '-x', '2', '-s', '3', '-y', '4', '-c', 'conf'],
    ];
    for (const args of calls) {
      const { code, stderr } = await run(t, fromRoot('bin/dolphin-pod'), args);
      assert.equal(code, 64, args.join(' '));
      assert.match(stderr, /usage: dolphin-pod/);
    }
  });
});
