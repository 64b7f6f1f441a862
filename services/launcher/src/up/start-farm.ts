import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DolphinError, type FarmView, isErrorCode } from '@dolphin/protocol';
import { systemClock } from '@dolphin/runtime';
import { loadConf, printConf } from '@dolphin/srs';
import { type FarmCredentials, rememberAddress } from '../credentials/farm-credentials.js';
import { farmProgress, farmReadiness, isServedHere } from '../domain/farm-ready.js';
import { wishedSpec } from '../domain/farm-wish.js';
import { type Layout, OWN_ADDRESS, type UpOptions } from '../domain/layout.js';
import { originConf } from '../domain/origin-conf.js';
import { type GlobalApi, GlobalApiError } from '../http/global-api.js';
import { flvPlays } from '../http/probes.js';
import type { Terminal } from '../terminal.js';
import type { Parts } from './parts.js';
import { downCommand, type Places, ROOT } from './places.js';
import { ORIGIN_CONF, programsOf } from './programs.js';

/** A cold machine with two cores starts six Node programs in about 2 s. */
const EDGES_DEADLINE_MS = 60_000;
const PLAY_DEADLINE_MS = 20_000;
/** A first key frame comes within one group of pictures; then the player is asked again. */
const PLAY_ATTEMPT_MS = 1_500;
const POLL_MS = 40;

export const DEMO_PATH = '/live/livestream.flv';

export interface StartContext {
  readonly options: Pick<UpOptions, 'edges' | 'hls' | 'demo' | 'redis'> & { readonly dir: string | undefined };
  readonly layout: Layout;
  /** Null: of a farm that asks nobody. */
  readonly credentials: FarmCredentials | null;
  /** Where `up` listened the last time; null: on loopback. */
  readonly addressBefore: string | null;
  readonly places: Places;
  readonly parts: Parts;
  readonly api: GlobalApi;
  readonly terminal: Terminal;
  /** Aborted: somebody wants it to stop, also before it has started. */
  readonly stop: AbortSignal;
}

/** Starts everything, what does not depend on each other at the same time. Resolves when a player can be served. */
export async function startFarm(context: StartContext): Promise<FarmView> {
  try {
    return await startParts(context);
  } catch (error) {
    throw withWayBack(error, context);
  }
}

async function startParts(context: StartContext): Promise<FarmView> {
  const { options, layout, places, parts, terminal, credentials } = context;
  const { ports } = layout;
  for (const dir of [places.nats, places.redis, places.origin, places.master, places.worker]) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  }
  // A path is meant from here, not from where it runs.
  const given = process.env['NATS_SERVER_BIN'] || 'nats-server';
  const natsServer = given.includes('/') ? resolve(given) : given;
  const programs = programsOf(layout, places, { redis: options.redis, natsServer, credentials });
  const at = (port: number) => `${layout.address}:${port}`;
  const launch = (name: 'nats' | 'redis' | 'origin' | 'master' | 'worker', detail: string) =>
    terminal.step(programs[name].title, detail, () => parts.launch(name, programs[name]));

  writeOriginConf(layout, places);
  const servers = Promise.all([
    launch('nats', at(ports.nats)),
    options.redis
      ? launch('redis', `${OWN_ADDRESS}:${ports.redis}`).catch((error) => sayNoRedis(terminal, error))
      : undefined,
  ]);
  if (!options.redis) terminal.say('  without Redis: no view for other programs, no history of stats');
  const origin = launch('origin', at(ports.origin));
  const control = servers.then(() =>
    Promise.all([
      launch('master', at(ports.api)).then(() => makeFarm(context)),
      launch('worker', `rtmp ${at(ports.rtmp)}, http :${ports.http}`).then(() => parts.notePod()),
    ]),
  );
  await Promise.all([servers, origin, control]);
  // The pod holds a client until an edge is ready, so the publisher need not wait for that.
  if (options.demo) await parts.launch('publisher', programs.publisher);
  const view = await terminal.step('edges', 'stream edges and back source ready', () => edgesReady(context));
  // Not earlier: an edge whose first player comes before the publisher asks its origin again only after a while.
  if (options.demo && !isServedHere(view, layout.address)) {
    terminal.say('  no stream edge of this machine is ready: nobody here plays the sample stream');
  } else if (options.demo) {
    await terminal.step('sample publisher', `a player is served: ${DEMO_PATH}`, () => demoPlays(context));
  }
  return view;
}

/** It holds a view for others: a farm is no worse without. */
function sayNoRedis(terminal: Terminal, error: unknown): void {
  terminal.say(`  ${error instanceof Error ? error.message : String(error)}`);
  terminal.say('  going on without Redis: no view for other programs, no history of stats');
}

function writeOriginConf(layout: Layout, places: Places): void {
  const template = loadConf(join(ROOT, 'conf/origin.conf'), (path) => readFileSync(path, 'utf8'));
  writeFileSync(join(places.origin, ORIGIN_CONF), printConf(originConf(template, layout)), { mode: 0o600 });
}

/** Creates the farm at the first start, and applies what the command line says. */
async function makeFarm({
  api,
  options,
  layout,
  addressBefore,
  credentials,
  places,
  stop,
}: StartContext): Promise<void> {
  await untilLed(stop, async () => {
    const view = await leadable(api);
    if (view.farmId === null) await ignoring('E_FARM_EXISTS', () => api.init());
  });
  await untilLed(stop, async () => {
    const view = await leadable(api);
    const spec = wishedSpec(view.spec, options, layout, addressBefore);
    if (spec) await applied(() => api.apply(spec, view.specVersion, 'dolphin up'));
  });
  if (credentials) await rememberAddress(places, layout);
}

/** The view of a master that may lead. Throws why it may not: waiting mends neither a lost log nor another farm's. */
async function leadable(api: GlobalApi): Promise<FarmView> {
  const view = await api.farm();
  const { problem } = view.master;
  if (problem) throw new GlobalApiError(isErrorCode(problem.code) ? problem.code : 'E_INTERNAL', problem.message);
  return view;
}

/** The master's own words name masters and workers; here they are known to lie in one directory. */
function withWayBack(error: unknown, { places, options }: StartContext): unknown {
  if (!(error instanceof GlobalApiError) || error.code !== 'E_LOG_LOST') return error;
  const begin = `${downCommand(options.dir)}, then move ${places.dir} away`;
  return new GlobalApiError(
    'E_LOG_LOST',
    `the log of this farm is gone: put ${places.nats} back as it was, or begin a new farm: ${begin}`,
  );
}

/** A master that has just started knows neither its farm nor its lease: what is retryable is asked again. */
async function untilLed(stop: AbortSignal, work: () => Promise<void>): Promise<void> {
  const end = performance.now() + EDGES_DEADLINE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const again = error instanceof DolphinError && (error.retryable || error.code === 'E_SPEC_CHANGED');
      if (!again || stop.aborted || performance.now() >= end) throw error;
    }
    await systemClock.sleep(POLL_MS, stop);
  }
}

/** Other ports, or another address, than the last time are what the master may refuse here. */
async function applied(apply: () => Promise<unknown>): Promise<void> {
  try {
    await apply();
  } catch (error) {
    if (!(error instanceof GlobalApiError) || error.code !== 'E_NOT_YET') throw error;
    const way = 'start it with the ports and --listen that it had, or a new farm with another --dir';
    throw new GlobalApiError('E_NOT_YET', `${error.message}; ${way}`);
  }
}

async function ignoring(code: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof GlobalApiError) || error.code !== code) throw error;
  }
}

/** The view in which every edge that is wanted is ready; at the deadline also one in which those of this machine are. */
async function edgesReady({ api, layout, terminal, stop }: StartContext): Promise<FarmView> {
  const end = performance.now() + EDGES_DEADLINE_MS;
  let last = 'no answer of the master';
  while (!stop.aborted) {
    try {
      const view = await leadable(api);
      const readiness = farmReadiness(view, layout.address);
      if (readiness === 'ready') return view;
      last = farmProgress(view);
      // Stopping now would end what the other machines have, too.
      if (readiness === 'ready here' && performance.now() >= end) {
        terminal.say(`  going on, though not all is ready after ${EDGES_DEADLINE_MS / 1000} s: ${last}`);
        return view;
      }
    } catch (error) {
      if (error instanceof GlobalApiError && !error.retryable) throw error;
      last = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() >= end)
      throw new Error(`the edges are not ready after ${EDGES_DEADLINE_MS / 1000} s: ${last}`);
    await systemClock.sleep(POLL_MS, stop);
  }
  throw new Error('stopped before the edges were ready');
}

async function demoPlays({ layout, stop }: StartContext): Promise<void> {
  const at = { host: layout.address, port: layout.ports.http };
  const end = performance.now() + PLAY_DEADLINE_MS;
  while (!stop.aborted && performance.now() < end) {
    if (await flvPlays(at, DEMO_PATH, PLAY_ATTEMPT_MS)) return;
    await systemClock.sleep(POLL_MS, stop);
  }
  throw new Error(`no media at http://${at.host}:${at.port}${DEMO_PATH} within ${PLAY_DEADLINE_MS / 1000} s`);
}
