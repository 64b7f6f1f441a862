import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { PodState } from '@dolphin/protocol';
import { eventually } from '../support/eventually.js';
import { assertContiguousRun, publishFile, sourcePackets, startRecording } from '../support/media.js';
import { fromRoot, srsBinary } from '../support/paths.js';
import { freePortRange, freePorts } from '../support/ports.js';
import { run, startProcess } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';
import { connectClient, connectServed, fakeBinary } from './pod-support/test-pod.js';

const pod = fromRoot('bin/dolphin-pod');

function stateOf(runDir: string): Promise<PodState> {
  return new Promise((resolve, reject) => {
    request({ socketPath: join(runDir, 'pod.sock'), path: '/v1/state' }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve(PodState.parse(JSON.parse(text))));
    })
      .on('error', reject)
      .end();
  });
}

/** The HTTP status of an order about an edge. */
function order(runDir: string, what: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socketPath = join(runDir, 'pod.sock');
    request({ socketPath, method: 'POST', path: `/v1/edges/${what}` }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    })
      .on('error', reject)
      .end();
  });
}

async function startAlone(t: TestContext, conf: string, over: string[] = []) {
  const dir = await tempDir(t);
  const confPath = join(dir, 'user.conf');
  writeFileSync(confPath, conf);
  const [rtmp = 0, rtmp2 = 0, http = 0, http2 = 0, s0 = 0, s1 = 0, y0 = 0, y1 = 0] = await freePorts(8);
  const api = await freePortRange(2);
  const runDir = join(dir, 'run');
  const args = ['alone', '-w', '2', '-p', `${rtmp},${rtmp2}`, '-x', `${http},${http2}`, '-c', confPath];
  args.push('-s', `${s0},${s1}`, '-y', `${y0},${y1}`, '--api-base', String(api), '--run-dir', runDir);
  args.push('--address', '127.0.0.1');
  return { dir, runDir, rtmp: [rtmp, rtmp2], http: [http, http2], args: [...args, ...over] };
}

const isReady = (runDir: string) =>
  eventually(async () => (await stateOf(runDir)).edges.filter((edge) => edge.state === 'ready').length === 2, {
    what: 'both edges are ready',
  });

describe('a pod alone', () => {
  it('runs an edge per pair of ports, pulls from the conf, and serves on several public ports', async (t) => {
    const conf = 'vhost __defaultVhost__ { mode remote; origin 127.0.0.1:1935 127.0.0.1:1936; }';
    const alone = await startAlone(t, conf);
    const fake = startProcess(t, pod, [...alone.args, '-b', fakeBinary(alone.dir, 'relay')]);
    await isReady(alone.runDir);
    const state = await stateOf(alone.runDir);
    assert.deepEqual(
      state.edges.map(({ role, slot, origins, transport }) => ({ role, slot, origins, transport })),
      [0, 1].map((slot) => ({
        role: 'stream',
        slot,
        origins: ['127.0.0.1:1935', '127.0.0.1:1936'],
        transport: 'relay',
      })),
    );
    for (const port of alone.rtmp) await connectServed(t, port);
    for (const port of alone.http) {
      const client = await connectClient(t, port, 'GET /live/a.flv HTTP/1.1\r\nHost: x\r\n\r\n');
      await client.served();
      // The echo of what the edge was told.
      await eventually(() => client.text().includes('X-Real-IP: 127.0.0.1\r\n'), { what: 'the edge knows the client' });
    }
    await eventually(async () => (await stateOf(alone.runDir)).clients === 4, { what: 'all are counted' });
    assert.equal((await fake.stop()).code, 0);
  });

  it('starts a dead edge again', async (t) => {
    const alone = await startAlone(t, 'vhost v { cluster { mode remote; origin 127.0.0.1:1; } }');
    startProcess(t, pod, [...alone.args, '-b', fakeBinary(alone.dir)]);
    await isReady(alone.runDir);
    const { edges } = await stateOf(alone.runDir);
    process.kill(edges[0]?.pid ?? 0, 'SIGKILL');
    await eventually(async () => (await stateOf(alone.runDir)).edges[0]?.restarts === 1, {
      what: 'it is started again',
    });
    await isReady(alone.runDir);
  });

  it('drains an edge when it is told to, and starts it again when it is told to', async (t) => {
    const alone = await startAlone(t, 'vhost v { cluster { mode remote; origin 127.0.0.1:1; } }');
    startProcess(t, pod, [...alone.args, '-b', fakeBinary(alone.dir)]);
    await isReady(alone.runDir);
    assert.equal(await order(alone.runDir, 'stream-1/drain'), 202);
    await eventually(async () => (await stateOf(alone.runDir)).edges.length === 1, { what: 'it is gone' });
    assert.equal(await order(alone.runDir, 'stream-1/drain'), 404);
    assert.equal(await order(alone.runDir, 'stream-0/start'), 409);
    assert.equal(await order(alone.runDir, 'stream-7/start'), 404);
    assert.equal(await order(alone.runDir, 'stream-1/start'), 202);
    await isReady(alone.runDir);
  });

  it('says what is wrong with a conf, with file and line', async (t) => {
    const broken = await startAlone(t, 'vhost v {\n  cluster { origin }\n');
    const first = await run(t, pod, broken.args);
    assert.equal(first.code, 78);
    assert.match(first.stderr, /user\.conf:\d+: /);
    const none = await startAlone(t, 'vhost v { }');
    const second = await run(t, pod, none.args);
    assert.equal(second.code, 78);
    assert.match(second.stderr, /names an origin/);
  });

  it('says at once that its binary is none', async (t) => {
    const alone = await startAlone(t, 'vhost v { mode remote; origin 127.0.0.1:1; }');
    const mistyped = await run(t, pod, [...alone.args, '-b', join(alone.dir, 'srss')]);
    assert.equal(mistyped.code, 78);
    assert.match(mistyped.stderr, /srss cannot be run/);
    const other = await run(t, pod, [...alone.args, '-b', '/bin/true']);
    assert.equal(other.code, 78);
    assert.match(other.stderr, /does not tell a version/);
  });

  it('serves real SRS edges packet for packet, over RTMP and HTTP-FLV', {
    skip: srsBinary === undefined ? 'SRS_BIN names no SRS binary' : false,
  }, async (t) => {
    const [origin = 0] = await freePorts(1);
    const alone = await startAlone(
      t,
      `vhost __defaultVhost__ { cluster { mode remote; origin 127.0.0.1:${origin}; } }`,
    );
    const originDir = join(alone.dir, 'origin');
    mkdirSync(join(originDir, 'objs'), { recursive: true });
    const originConf = `listen 127.0.0.1:${origin}; daemon off; srs_log_tank console; pid o.pid; vhost __defaultVhost__ { }`;
    writeFileSync(join(originDir, 'o.conf'), originConf);
    startProcess(t, srsBinary ?? '', ['-c', 'o.conf'], { cwd: originDir });
    startProcess(t, pod, [...alone.args, '-b', srsBinary ?? '']);
    const source = await sourcePackets(t);
    await isReady(alone.runDir);
    // Through the pod: an SRS edge forwards a publish to its origin.
    publishFile(t, `rtmp://127.0.0.1:${alone.rtmp[0]}/live/a`);
    const urls = [`rtmp://127.0.0.1:${alone.rtmp[1]}/live/a`, `http://127.0.0.1:${alone.http[0]}/live/a.flv`];
    const players = urls.map((url) => startRecording(t, url, { seconds: 4 }));
    for (const player of players) assertContiguousRun(await player.done, source, { minSeconds: 3 });
    const sent = async () => (await stateOf(alone.runDir)).edges.reduce((sum, edge) => sum + edge.sentBytes, 0);
    await eventually(async () => (await sent()) > 200_000, { what: 'the bytes of both players are counted' });
    await eventually(async () => (await stateOf(alone.runDir)).clients === 1, { what: 'only the publisher is left' });
  });

  it('gives sound and picture to an FLV player that waited for its stream at a real SRS', {
    skip: srsBinary === undefined ? 'SRS_BIN names no SRS binary' : false,
  }, async (t) => {
    const [origin = 0] = await freePorts(1);
    const alone = await startAlone(
      t,
      `vhost __defaultVhost__ { cluster { mode remote; origin 127.0.0.1:${origin}; } }`,
    );
    const originConf = join(alone.dir, 'o.conf');
    writeFileSync(originConf, `listen 127.0.0.1:${origin}; vhost __defaultVhost__ { }`);
    const server = startProcess(t, fromRoot('bin/dolphin-edge'), ['-c', originConf]);
    await server.printed(/ready/);
    startProcess(t, pod, [...alone.args, '-b', srsBinary ?? '']);
    const source = await sourcePackets(t);
    await isReady(alone.runDir);
    const player = startRecording(t, `http://127.0.0.1:${alone.http[0]}/live/a.flv`, {
      seconds: 4,
    });
    await eventually(async () => (await stateOf(alone.runDir)).clients === 1, { what: 'it waits' });
    publishFile(t, `rtmp://127.0.0.1:${origin}/live/a`);
    assertContiguousRun(await player.done, source, { minSeconds: 3 });
  });
});
