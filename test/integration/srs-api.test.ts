import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { SrsApi, SrsApiError } from '@dolphin/srs';
import { fromRoot } from '../support/paths.js';

const sample = (name: string) => readFileSync(fromRoot(join('test/data/srs5-api', name)), 'utf8');

/** An HTTP server that answers as told, and a client of it. */
async function apiOf(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  o: { timeoutMs?: number; maxBytes?: number } = {},
): Promise<{ api: SrsApi; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { api: new SrsApi(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, o), asked };
}

const failsWith =
  (code: string, srsCode: number | null = null) =>
  (error: unknown) => {
    assert.ok(error instanceof SrsApiError, String(error));
    assert.deepEqual([error.code, error.srsCode], [code, srsCode], error.message);
    return true;
  };

describe('the client of an SRS API', () => {
  it('asks for all at once, with the trailing slash that spares a redirect', async (t) => {
    const { api, asked } = await apiOf(t, (request, response) => {
      const name = /\/v1\/(\w+)/.exec(request.url ?? '')?.[1];
      response.end(request.method === 'DELETE' || name === 'raw' ? '{"code":0}' : sample(`${name}.json`));
    });
    assert.equal((await api.versions()).data.version, '5.0.216');
    assert.equal((await api.summaries()).data.self.pid, 26559);
    assert.equal((await api.vhosts()).vhosts[0]?.name, '__defaultVhost__');
    assert.equal((await api.streams()).streams.length, 2);
    assert.equal((await api.clients()).clients.length, 5);
    assert.equal((await api.selfProcStats()).data.pid, 26559);
    await api.deleteClient('1p2k/whr');
    await api.reload();
    assert.deepEqual(asked, [
      'GET /api/v1/versions',
      'GET /api/v1/summaries',
      'GET /api/v1/vhosts/?count=100000',
      'GET /api/v1/streams/?count=100000',
      'GET /api/v1/clients/?count=100000',
      'GET /api/v1/self_proc_stats',
      'DELETE /api/v1/clients/1p2k%2Fwhr',
      'GET /api/v1/raw?rpc=reload',
    ]);
  });

  it('reads the code of an answer, since SRS says 200 also on errors', async (t) => {
    const { api } = await apiOf(t, (_request, response) => response.end('{"code":2049}'));
    await assert.rejects(api.deleteClient('x'), failsWith('refused', 2049));
    await assert.rejects(api.streams(), failsWith('refused', 2049));
  });

  it('gives up on a server that takes the connection and says nothing', async (t) => {
    const { api } = await apiOf(t, () => undefined, { timeoutMs: 100 });
    await assert.rejects(api.versions(), failsWith('timeout'));
  });

  it('gives up on an answer that never ends', async (t) => {
    const { api } = await apiOf(t, (_request, response) => response.write('{"code":'), { timeoutMs: 100 });
    await assert.rejects(api.versions(), failsWith('timeout'));
  });

  it('stops reading an answer at its limit', async (t) => {
    const { api } = await apiOf(
      t,
      (_request, response) => {
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(65536, 32)));
        };
        response.on('drain', more);
        more();
      },
      { maxBytes: 1024 * 1024 },
    );
    await assert.rejects(api.clients(), failsWith('too-large'));
  });

  it('tells what is no answer of an SRS from what is no server', async (t) => {
    let body = 'hello';
    let status = 200;
    const { api } = await apiOf(t, (_request, response) => {
      response.statusCode = status;
      response.end(body);
    });
    await assert.rejects(api.versions(), failsWith('not-json'));
    body = '{"code":0,"data":{"major":"five"}}';
    await assert.rejects(api.versions(), failsWith('wrong-shape'));
    body = 'null';
    await assert.rejects(api.versions(), failsWith('wrong-shape'));
    status = 302;
    await assert.rejects(api.versions(), failsWith('http-status'));
    await assert.rejects(new SrsApi('http://127.0.0.1:1').versions(), failsWith('unreachable'));
    await assert.rejects(new SrsApi('no url at all').versions(), failsWith('unreachable'));
  });

  it('reports a server that hangs up in the middle', async (t) => {
    const { api } = await apiOf(t, (_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{', () => response.destroy());
    });
    await assert.rejects(api.versions(), failsWith('unreachable'));
  });
});
