import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { SrsApi } from '@dolphin/srs';
import { DEADLINE_MS, eventually } from '../../support/eventually.js';
import { fromRoot, srsBinary } from '../../support/paths.js';
import { freePort } from '../../support/ports.js';
import { startProcess, type TestProcess } from '../../support/processes.js';
import { tempDir } from '../../support/temp-dir.js';

/** RTMP, HTTP, API. */
export type EdgePorts = readonly [rtmp: number, http: number, api: number];

export interface EdgeOptions {
  /** `host:port` of each; none: it is the origin. */
  origins?: readonly string[];
  serverId?: string;
  maxConnections?: number;
  /** Inside `play { }`. */
  play?: string;
  /** Inside the vhost. */
  vhost?: string;
  /** Inside `http_server { }`. */
  httpServer?: string;
  /** Inside the default vhost's `http_remux { }`. */
  httpRemux?: string;
  /** Behind the vhost: others. */
  more?: string;
  /** The form of 2015: `mode remote; origin …;` in the vhost itself. */
  form?: '5.0' | '2015';
  /** A real SRS instead of the built-in server. */
  binary?: string;
  ports?: EdgePorts;
  /** The whole conf, from what the options above make. */
  conf?: (text: string) => string;
}

export interface TestEdge {
  readonly process: TestProcess;
  readonly rtmpPort: number;
  readonly httpPort: number;
  readonly api: SrsApi;
  readonly apiBase: string;
  readonly conf: string;
  readonly dir: string;
  rtmp(stream: string): string;
  flv(stream: string): string;
  readonly address: string;
}

/** Real SRS, or undefined: tests that want one skip. */
export const srs = srsBinary;

export async function freeEdgePorts(): Promise<EdgePorts> {
  return [await freePort(), await freePort(), await freePort()];
}

export function edgeConf(o: EdgeOptions, [rtmp, http, api]: EdgePorts): string {
  const upstream = o.origins === undefined ? '' : `mode remote; origin ${o.origins.join(' ')};`;
  const cluster = o.form === '2015' || upstream === '' ? upstream : `cluster { ${upstream} }`;
  const play = o.form === '2015' ? (o.play ?? '') : `play { ${o.play ?? ''} }`;
  const raw = o.form === '2015' ? '' : 'raw_api { enabled on; allow_reload on; }';
  return `listen 127.0.0.1:${rtmp}; max_connections ${o.maxConnections ?? 500};
daemon off; srs_log_tank console; pid edge.pid; ${o.serverId === undefined ? '' : `server_id ${o.serverId};`}
http_api { enabled on; listen 127.0.0.1:${api}; ${raw} }
http_server { enabled on; listen 127.0.0.1:${http}; dir .; ${o.httpServer ?? ''} }
vhost __defaultVhost__ {
  ${cluster} ${play} ${o.vhost ?? ''}
  http_remux { enabled on; mount [vhost]/[app]/[stream].flv; hstrs on; ${o.httpRemux ?? ''} }
}
${o.more ?? ''}
`;
}

/** Starts an edge (or origin) and waits until its private API answers. */
export async function startEdge(t: TestContext, o: EdgeOptions = {}): Promise<TestEdge> {
  const dir = await tempDir(t);
  const ports = o.ports ?? (await freeEdgePorts());
  const [rtmpPort, httpPort, apiPort] = ports;
  const conf = join(dir, 'edge.conf');
  await writeFile(conf, (o.conf ?? ((text) => text))(edgeConf(o, ports)));
  const process = startProcess(t, o.binary ?? fromRoot('bin/dolphin-edge'), ['-c', conf], { cwd: dir });
  const apiBase = `http://127.0.0.1:${apiPort}`;
  const api = new SrsApi(apiBase, { timeoutMs: DEADLINE_MS });
  await eventually(
    async () => {
      if (process.child.exitCode !== null) throw new Error(`it ended:\n${process.output().slice(-2000)}`);
      return await api.versions();
    },
    { what: 'the edge answers' },
  );
  return {
    process,
    rtmpPort,
    httpPort,
    api,
    apiBase,
    conf,
    dir,
    address: `127.0.0.1:${rtmpPort}`,
    rtmp: (stream) => `rtmp://127.0.0.1:${rtmpPort}/live/${stream}`,
    flv: (stream) => `http://127.0.0.1:${httpPort}/live/${stream}.flv`,
  };
}

/** Waits until the edge has media of that stream. */
export async function streamIsLive(edge: TestEdge, stream: string): Promise<void> {
  await eventually(
    async () => {
      const { streams } = await edge.api.streams();
      return streams.some(({ name, recv_bytes, publish }) => name === stream && publish.active && recv_bytes > 20_000);
    },
    { what: `${stream} is live` },
  );
}

/** The clients that play or publish there now. */
export async function clientsOf(edge: TestEdge) {
  return (await edge.api.clients()).clients;
}
