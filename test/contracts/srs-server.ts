import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type EdgeToRender, renderEdgeConf } from '@dolphin/pod/domain/render-conf.js';
import { loadConf, printConf, SrsApi, SrsApiError, streamUrl } from '@dolphin/srs';
import { DEADLINE_MS, eventually } from '../support/eventually.js';
import { fromRoot } from '../support/paths.js';
import { freePorts } from '../support/ports.js';
import { run, startProcess } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';

export interface SrsServerUnderTest {
  name: string;
  /** The binary. */
  path: string;
  dialect: EdgeToRender['dialect'];
}

/** What every program that may be an edge does with a rendered conf, and on its private API. */
export function srsServerContract(server: SrsServerUnderTest): void {
  const user = loadConf(fromRoot('conf/dolphin.conf'), (path) => readFileSync(path, 'utf8'));

  const rendered = async (t: TestContext, role: EdgeToRender['role'], text?: string) => {
    const dir = await tempDir(t);
    const [rtmp = 0, http = 0, api = 0, origin = 0] = await freePorts(4);
    const { conf } = renderEdgeConf(user, {
      role,
      slot: 0,
      privateAddress: '127.0.0.1',
      ports: role === 'stream' ? { rtmp, http, api } : { rtmp, api },
      origins: [`127.0.0.1:${origin}`],
      upstream: 'origin',
      serverId: 'dolphin-test-edge',
      clients: 100,
      dialect: server.dialect,
    });
    const path = join(dir, 'edge.conf');
    await writeFile(path, `${printConf(conf)}${text ?? ''}`);
    return { dir, path, rtmp, api: new SrsApi(`http://127.0.0.1:${api}`, { timeoutMs: DEADLINE_MS }) };
  };

  const started = async (t: TestContext) => {
    const { dir, path, api } = await rendered(t, 'stream');
    const process = startProcess(t, server.path, ['-c', path], { cwd: dir });
    await eventually(() => api.versions(), { what: 'its API answers' });
    return { process, api };
  };

  describe(`${server.name} as an edge`, () => {
    for (const role of ['stream', 'back-source'] as const) {
      it(`takes the conf that is rendered for a ${role}`, async (t) => {
        const { dir, path } = await rendered(t, role);
        const test = await run(t, server.path, ['-t', '-c', path], { cwd: dir });
        assert.equal(test.code, 0, test.stdout + test.stderr);
      });
    }

    it('refuses a broken conf with exit code 255', async (t) => {
      const { dir, path } = await rendered(t, 'stream', 'vhost broken {');
      assert.equal((await run(t, server.path, ['-t', '-c', path], { cwd: dir })).code, 255);
      assert.equal((await run(t, server.path, ['-c', path], { cwd: dir })).code, 255);
    });

    it('answers on its private API in the shapes of SRS', async (t) => {
      const { process, api } = await started(t);
      const versions = await api.versions();
      const { major, minor, revision } = versions.data;
      assert.equal(versions.data.version, `${major}.${minor}.${revision}`);
      assert.equal((await api.summaries()).data.self.pid, process.pid);
      assert.equal((await api.selfProcStats()).data.pid, process.pid);
      // A vhost is listed once somebody asked for a stream of it.
      assert.deepEqual((await api.vhosts()).vhosts, []);
      assert.deepEqual((await api.streams()).streams.map(streamUrl), []);
      assert.deepEqual((await api.clients()).clients, []);
    });

    it('refuses to cut off a client that is not there, by a code', async (t) => {
      const { api } = await started(t);
      await assert.rejects(api.deleteClient('nobody'), (error) => {
        assert.ok(error instanceof SrsApiError);
        assert.deepEqual([error.code, error.srsCode], ['refused', 2049]);
        return true;
      });
    });

    it('quits on SIGTERM with exit code 0', async (t) => {
      const { process } = await started(t);
      assert.deepEqual(await process.stop('SIGTERM'), { code: 0, signal: null });
    });
  });
}
