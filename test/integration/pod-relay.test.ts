import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { DEFAULT_RELAY_LIMITS, type RelayLimits } from '@dolphin/pod/relay/relay-limits.js';
import { RelaySession } from '@dolphin/pod/relay/relay-session.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { startProcess } from '../support/processes.js';
import { CounterCheck, sendCounter } from './pod-support/counter-stream.js';

interface Relay {
  readonly port: number;
  readonly routed: string[];
  readonly failed: string[];
  /** Clients that came, and that left. */
  readonly counts: { came: number; left: number };
}

interface TargetSpec {
  readonly edge: string;
  readonly port: number;
  readonly proxyHeader?: boolean;
}

async function listen(t: TestContext, onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** What a relay process does with each socket that it is handed. */
async function startRelay(
  t: TestContext,
  protocol: 'rtmp' | 'http',
  targets: TargetSpec[],
  limits: Partial<RelayLimits> = {},
): Promise<Relay> {
  const relay = { port: 0, routed: [] as string[], failed: [] as string[], counts: { came: 0, left: 0 } };
  const sockets = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    relay.counts.came += 1;
    sockets.add(socket);
    const whereto = { targets: targets.map((target) => ({ proxyHeader: false, host: '127.0.0.1', ...target })) };
    void new RelaySession(
      { id: relay.counts.came, protocol },
      socket,
      { ...DEFAULT_RELAY_LIMITS, ...limits },
      {
        onRouted: (_id, edge) => relay.routed.push(edge),
        onConnectFailed: (_id, edge, code) => relay.failed.push(`${edge} ${code}`),
        onLeft: () => {
          relay.counts.left += 1;
        },
      },
    ).run(Promise.resolve(whereto));
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  relay.port = (server.address() as AddressInfo).port;
  return relay;
}

async function client(t: TestContext, port: number, first: string | Buffer = '') {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  let text = '';
  let ended = false;
  socket.on('end', () => {
    ended = true;
  });
  if (first !== '') {
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.write(first);
  }
  return { socket, text: () => text, ended: () => ended };
}

/** A stopped process whose backlog is full: it answers no SYN. */
async function frozenPort(t: TestContext): Promise<number> {
  const port = await freePort();
  const script = `net.createServer().listen({port:${port},host:'127.0.0.1',backlog:1},()=>console.log('up'))`;
  const frozen = startProcess(t, process.execPath, ['-e', script]);
  await frozen.printed(/up/);
  frozen.kill('SIGSTOP');
  await eventually(() => isStopped(frozen.pid), { what: 'it is stopped' });
  for (let i = 0; i < 4; i++) {
    const filler = connect({ port, host: '127.0.0.1' });
    filler.on('error', () => undefined);
    t.after(() => filler.destroy());
  }
  return port;
}

function isStopped(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
}

const allLeft = (relay: Relay) =>
  eventually(() => relay.counts.came > 0 && relay.counts.left === relay.counts.came, { what: 'every client has left' });

describe('the relay carries bytes', () => {
  it('to slow readers, each byte in its place, though all edges are read into one buffer', async (t) => {
    const TOTAL = 12 * 1024 * 1024;
    const edge = await listen(t, (socket) => {
      socket.once('data', () => void sendCounter(socket, TOTAL, 50_000));
    });
    const relay = await startRelay(t, 'rtmp', [{ edge: 'e', port: edge }]);
    const read = async (slow: boolean) => {
      const { socket } = await client(t, relay.port);
      const check = new CounterCheck();
      socket.write('\x03');
      for await (const chunk of socket as AsyncIterable<Buffer>) {
        check.push(chunk);
        if (slow && check.bytes % 7 === 0) await wait(2);
      }
      return check.bytes;
    };
    const received = await Promise.all([read(true), read(false), read(true), read(true)]);
    assert.deepEqual(received, [TOTAL, TOTAL, TOTAL, TOTAL]);
    await allLeft(relay);
  });

  it('from fast publishers to an edge that reads slowly, each byte in its place', async (t) => {
    const TOTAL = 8 * 1024 * 1024;
    const checks: CounterCheck[] = [];
    const ended: Promise<unknown>[] = [];
    const edge = await listen(t, (socket) => {
      const check = new CounterCheck();
      checks.push(check);
      ended.push(
        (async () => {
          for await (const chunk of socket as AsyncIterable<Buffer>) {
            check.push(chunk);
            if (check.bytes % 5 === 0) await wait(1);
          }
        })(),
      );
    });
    const relay = await startRelay(t, 'rtmp', [{ edge: 'e', port: edge }]);
    const publishers = await Promise.all([client(t, relay.port), client(t, relay.port)]);
    await Promise.all(publishers.map(({ socket }) => sendCounter(socket, TOTAL, 30_000)));
    await eventually(() => checks.length === 2 && checks.every((check) => check.bytes === TOTAL), {
      what: 'the edge has everything',
    });
    await Promise.all(ended);
    await allLeft(relay);
  });

  it('without reading an edge faster than its client reads', async (t) => {
    let edgeSocket: Socket | undefined;
    const edge = await listen(t, (socket) => {
      edgeSocket = socket;
      socket.once('data', () => void sendCounter(socket, 64 * 1024 * 1024, 65_536));
    });
    const relay = await startRelay(t, 'rtmp', [{ edge: 'e', port: edge }]);
    const { socket } = await client(t, relay.port);
    socket.write('\x03');
    let last = -1;
    await eventually(
      () => {
        const now = edgeSocket?.bytesWritten ?? 0;
        const still = now === last && now > 0;
        last = now;
        return still;
      },
      { what: 'the edge is held back', pollMs: 200 },
    );
    // What the kernel holds on both connections, and one scratch buffer.
    assert.ok(last < 16 * 1024 * 1024, `${last} bytes were read for a client that reads nothing`);
    socket.destroy();
    await allLeft(relay);
  });
});

describe('the relay finds an edge', () => {
  const serving = (t: TestContext, name: string) =>
    listen(t, (socket) => {
      socket.on('data', () => socket.write(`${name}\n`));
    });

  it('tries the next one when the first does not accept', async (t) => {
    const good = await serving(t, 'good');
    const relay = await startRelay(t, 'rtmp', [
      { edge: 'dead', port: await freePort() },
      { edge: 'good', port: good },
    ]);
    const player = await client(t, relay.port, '\x03');
    await eventually(() => player.text() === 'good\n', { what: 'the good edge serves' });
    assert.deepEqual(relay.failed, ['dead ECONNREFUSED']);
    assert.deepEqual(relay.routed, ['good']);
    player.socket.destroy();
    await allLeft(relay);
  });

  it('tells an HTTP client when none accepts, and closes an RTMP one', async (t) => {
    const dead = [{ edge: 'dead', port: await freePort() }];
    const http = await startRelay(t, 'http', dead);
    const browser = await client(t, http.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => browser.ended(), { what: 'the answer is whole' });
    assert.match(browser.text(), /^HTTP\/1\.1 503 [\s\S]*Retry-After: 1/);
    browser.socket.destroy();
    await allLeft(http);
    const rtmp = await startRelay(t, 'rtmp', dead);
    const player = await client(t, rtmp.port, '\x03');
    await eventually(() => player.ended(), { what: 'it is closed' });
    assert.equal(player.text(), '');
    await allLeft(rtmp);
  });

  it('tries the next one when the first is frozen', async (t) => {
    const good = await serving(t, 'good');
    const targets = [
      { edge: 'frozen', port: await frozenPort(t) },
      { edge: 'good', port: good },
    ];
    const relay = await startRelay(t, 'rtmp', targets, { connectMs: 1500 });
    const player = await client(t, relay.port, '\x03');
    await eventually(() => player.text() === 'good\n', { what: 'the good edge serves' });
    assert.deepEqual(relay.failed, ['frozen ETIMEDOUT']);
  });

  it('forgets a client that leaves before it said anything, or while it waits for the edge', async (t) => {
    const relay = await startRelay(t, 'rtmp', [{ edge: 'frozen', port: await frozenPort(t) }], { connectMs: 300 });
    for (let i = 0; i < 20; i++) {
      const player = await client(t, relay.port, i % 2 === 0 ? '' : '\x03');
      if (i % 3 === 0) player.socket.resetAndDestroy();
      else player.socket.end();
    }
    await allLeft(relay);
    assert.equal(relay.counts.left, 20);
  });

  it('gives up on a client that says nothing, and on a request that never ends', async (t) => {
    const relay = await startRelay(t, 'http', [{ edge: 'e', port: 1 }], { headMs: 150, lingerMs: 200 });
    const silent = await client(t, relay.port, 'GET / HT');
    await eventually(() => silent.ended(), { what: 'it is told' });
    assert.match(silent.text(), /^HTTP\/1\.1 408 /);
    await allLeft(relay);
    const patient = await startRelay(t, 'http', [{ edge: 'e', port: 1 }], { lingerMs: 200 });
    const long = await client(t, patient.port, `GET / HTTP/1.1\r\nX: ${'a'.repeat(9000)}`);
    await eventually(() => long.ended(), { what: 'it is told' });
    assert.match(long.text(), /^HTTP\/1\.1 431 /);
    await allLeft(patient);
  });
});

describe('the relay passes the end on', () => {
  it('closes the edge connection when the player leaves', async (t) => {
    let atEdge: Socket | undefined;
    const edge = await listen(t, (socket) => {
      atEdge = socket;
      // As an edge that goes on sending to whoever does not read.
      socket.on('data', () => void sendCounter(socket, 256 * 1024 * 1024, 65_536));
    });
    const relay = await startRelay(t, 'rtmp', [{ edge: 'e', port: edge }], { lingerMs: 300 });
    for (const leave of ['end', 'resetAndDestroy'] as const) {
      const player = await client(t, relay.port, '\x03');
      await eventually(() => player.text().length > 100_000, { what: 'it plays' });
      player.socket[leave]();
      await eventually(() => atEdge?.destroyed, { what: `the edge is rid of a player after ${leave}` });
    }
    await allLeft(relay);
  });

  it('gives a slow player everything that the edge sent before it closed', async (t) => {
    const TOTAL = 3 * 1024 * 1024;
    const edge = await listen(t, (socket) => {
      socket.once('data', () => void sendCounter(socket, TOTAL, 65_536));
    });
    const relay = await startRelay(t, 'rtmp', [{ edge: 'e', port: edge }]);
    const { socket } = await client(t, relay.port);
    socket.write('\x03');
    const check = new CounterCheck();
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      check.push(chunk);
      await wait(1);
    }
    assert.equal(check.bytes, TOTAL);
    socket.destroy();
    await allLeft(relay);
  });

  it('closes a player that takes nothing for too long', async (t) => {
    const edge = await listen(t, (socket) => {
      socket.once('data', () => void sendCounter(socket, 64 * 1024 * 1024, 65_536));
    });
    const relay = await startRelay(t, 'rtmp', [{ edge: 'e', port: edge }], { stallMs: 400, lingerMs: 200 });
    const { socket } = await client(t, relay.port);
    socket.write('\x03');
    await allLeft(relay);
  });

  it('closes a pair on which nothing moves, after its time', async (t) => {
    const edge = await listen(t, () => undefined);
    const relay = await startRelay(t, 'rtmp', [{ edge: 'e', port: edge }], { idleMs: 300, stallMs: 400 });
    const player = await client(t, relay.port, '\x03');
    await eventually(() => player.ended(), { what: 'it is closed' });
    await allLeft(relay);
  });
});

describe('the relay says who the client is', () => {
  const recording = async (t: TestContext) => {
    const heads: string[] = [];
    const port = await listen(t, (socket) => {
      const index = heads.push('') - 1;
      socket.on('data', (chunk: Buffer) => {
        heads[index] += chunk.toString('latin1');
      });
    });
    return { heads, port };
  };

  it('by the RTMP proxy header, to an edge that reads it, and to no other', async (t) => {
    const { heads, port } = await recording(t);
    const knows = await startRelay(t, 'rtmp', [{ edge: 'srs5', port, proxyHeader: true }]);
    await client(t, knows.port, '\x03abc');
    await eventually(() => heads[0] === '\xf3\x00\x04\x7f\x00\x00\x01\x03abc', { what: 'header, then the client' });
    const plain = await startRelay(t, 'rtmp', [{ edge: 'srs2', port }]);
    await client(t, plain.port, '\x03abc');
    await eventually(() => heads[1] === '\x03abc', { what: 'the client alone' });
  });

  it('and refuses a client that sends a proxy header of its own', async (t) => {
    const { heads, port } = await recording(t);
    const relay = await startRelay(t, 'rtmp', [{ edge: 'srs5', port, proxyHeader: true }]);
    const liar = await client(t, relay.port, Buffer.from([0xf3, 0, 4, 8, 8, 8, 8, 3]));
    await eventually(() => liar.ended(), { what: 'it is closed' });
    await allLeft(relay);
    assert.deepEqual(heads, []);
  });

  it('by X-Real-IP, in place of what the client claims', async (t) => {
    const { heads, port } = await recording(t);
    const relay = await startRelay(t, 'http', [{ edge: 'e', port }]);
    const lies = 'x-real-ip: 8.8.8.8\r\nX-Forwarded-For: 8.8.4.4\r\nX_Real_IP: 8.8.8.8\r\nForwarded: for=8.8.8.8';
    const head = `GET /live/a.flv?token=x HTTP/1.1\r\nHost: h\r\n${lies}\r\nConnection: keep-alive\r\n\r\n`;
    const player = await client(t, relay.port, head);
    await eventually(() => heads[0]?.endsWith('\r\n\r\n'), { what: 'the head arrives' });
    assert.equal(
      heads[0],
      'GET /live/a.flv?token=x HTTP/1.1\r\nHost: h\r\nX-Real-IP: 127.0.0.1\r\nX-Forwarded-For: 127.0.0.1\r\nConnection: close\r\n\r\n',
    );
    // A second request would pass unread.
    player.socket.write('GET /live/b.flv HTTP/1.1\r\nX-Real-IP: 8.8.8.8\r\n\r\n');
    player.socket.end();
    await allLeft(relay);
    assert.ok(!heads.join('').includes('8.8.8.8'));
  });
});
