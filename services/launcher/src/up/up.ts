import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_FARM, DolphinError, edgePorts, type FarmView } from '@dolphin/protocol';
import { lockDirectory, systemClock, UsageError } from '@dolphin/runtime';
import { type FarmCredentials, inviteHost, keepCredentials } from '../credentials/farm-credentials.js';
import { readListenFile } from '../credentials/listen-file.js';
import { exampleSpec } from '../domain/example-spec.js';
import { joinCommand, nextHostName } from '../domain/join-command.js';
import { DEFAULT_EDGES, type Layout, layoutOf, OWN_ADDRESS } from '../domain/layout.js';
import { isPodKept } from '../domain/pod-fate.js';
import type { UpCommand } from '../flags.js';
import { GlobalApi } from '../http/global-api.js';
import type { Endpoint } from '../http/probes.js';
import { requireFreePorts } from '../process/free-ports.js';
import { boundLog } from '../process/log-files.js';
import type { ProcessId } from '../process/proc.js';
import { isInstalled } from '../process/spawn-child.js';
import type { Terminal } from '../terminal.js';
import { greeting, joinHint, noJoinHint, portHint } from '../words.js';
import { writeCliFile } from './cli-file.js';
import { followHappenings } from './happenings.js';
import { lookAtLastPod } from './last-pod.js';
import { endLeftovers } from './leftovers.js';
import { Parts } from './parts.js';
import { downCommand, type Places, placesIn, placesProblem } from './places.js';
import { reloadNats } from './reload-nats.js';
import { RunRecordFile } from './run-record.js';
import { startFarm } from './start-farm.js';

/** How often logs are bounded and the pod's pid is looked at. */
const HOUSEKEEPING_MS = 2_000;

export interface UpSignals {
  /** Ctrl-C or SIGTERM: stop in order. */
  readonly stop: AbortSignal;
  /** The second one: at once. */
  readonly hurry: AbortSignal;
}

/** Runs a farm in the foreground until `stop`. Resolves when nothing of it is left; rejects when it did not start. */
export async function up(asked: UpCommand, terminal: Terminal, signals: UpSignals): Promise<void> {
  const command = { ...asked, redis: asked.redis && isInstalled('redis-server') };
  if (asked.redis && !command.redis) terminal.say('  redis-server is not installed');
  const places = placesIn(command.dir);
  const problem = placesProblem(places);
  if (problem) throw new UsageError(problem);
  mkdirSync(places.logs, { recursive: true, mode: 0o700 });
  const record = new RunRecordFile(places.dir);
  const lock = await lockDirectory(places.dir, 'up');
  const last = record.read();
  if (!lock.held || last.up) throw alreadyRuns(places, last.up);
  record.claim(last.parts);

  const failing = new AbortController();
  const parts = new Parts(record, places, terminal, (failure) => failing.abort(failure));
  const stop = AbortSignal.any([signals.stop, failing.signal]);
  const start = performance.now();
  let isAdopted = false;
  let isGreeted = false;
  try {
    const before = readListenFile(places)?.address ?? null;
    const layout = layoutOf({ ...command, listen: command.listen ?? before ?? undefined });
    isAdopted = await clearLeftovers(record, layout, places, terminal, stop);
    await requireFreePorts(portsToTake(command, layout, isAdopted));
    const isOpen = command.listen !== undefined || before !== null;
    const credentials = isOpen ? await keepCredentials(places, layout) : null;
    writeCliFile(layout, places, credentials);
    const apiUrl = `http://${layout.address}:${layout.ports.api}`;
    const api = new GlobalApi(apiUrl, whoAmI(), credentials?.operateToken ?? null);
    const context = {
      ...{ options: command, layout, credentials, addressBefore: before },
      ...{ places, parts, api, terminal, stop },
    };
    // What still starts when a part has failed for good is stopped with the others.
    const view = await Promise.race([startFarm(context), failureOf(failing.signal)]);
    const seconds = (performance.now() - start) / 1000;
    const spec = specToApply(layout, places);
    const { demo, dir } = command;
    const logs = join(places.logs, '*.log');
    const joinWords = await joining(view, layout, places, credentials, dir);
    terminal.say(greeting(view, layout, { demo, dir, join: joinWords, logs, spec, seconds }));
    isGreeted = true;
    const hint = portHint(layout, view.edges);
    if (hint) terminal.say(`note        ${hint}\n`);
    const here = new Set(view.hosts.filter(({ address }) => address === layout.address).map(({ host }) => host));
    await Promise.all([
      followHappenings(api, { after: view.sequence, here }, (text) => terminal.happened(text), stop),
      keepHouse(parts, places, stop),
    ]);
    failing.signal.throwIfAborted();
  } catch (error) {
    // Asked to stop while it was starting: that is no failure.
    if (!signals.stop.aborted) throw error;
  } finally {
    const stopStart = performance.now();
    const keepPod = isPodKept({ isAsked: signals.stop.aborted, isAdopted, isGreeted });
    const { stopped, pod } = await parts.stopAll({ hurry: signals.hurry, keepPod });
    record.release(pod ? { pod } : {});
    lock.release();
    if (stopped.length > 0) {
      terminal.say(`stopped ${stopped.join(', ')} in ${((performance.now() - stopStart) / 1000).toFixed(1)} s`);
    }
    if (pod) terminal.say(`the pod goes on serving; ${downCommand(command.dir)} ends it (pid ${pod.pid})`);
  }
}

/** Rejects with the failure that `failing` is aborted with; never resolves. */
function failureOf(failing: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (failing.aborted) reject(failing.reason);
    failing.addEventListener('abort', () => reject(failing.reason), { once: true });
  });
}

/**
 * How the next host joins: its user is made before, so that what is printed works when it is pasted. Null: none can. The farm
 * serves by now, and is not stopped for the want of a command.
 */
async function joining(
  { hosts }: FarmView,
  { address, ports }: Layout,
  places: Places,
  credentials: FarmCredentials | null,
  dir: string | undefined,
): Promise<string | null> {
  if (credentials === null || address === OWN_ADDRESS) return null;
  const host = nextHostName(new Set([credentials.host, ...hosts.map((one) => one.host)]));
  const nats = `nats://${address}:${ports.nats}`;
  try {
    const invitation = await inviteHost(places, { farm: DEFAULT_FARM, nats }, host);
    reloadNats(places);
    return joinHint(host, joinCommand(invitation, ports), dir);
  } catch (error) {
    return noJoinHint(error instanceof Error ? error.message : String(error), dir);
  }
}

/** A file that `apply` takes as it is. */
function specToApply(layout: Layout, places: Places): string {
  const text = exampleSpec(layout);
  if (text === null) return 'conf/farm.yaml';
  writeFileSync(places.exampleSpec, text);
  return places.exampleSpec;
}

function alreadyRuns(places: Places, up: ProcessId | null): DolphinError {
  return new DolphinError('E_RUNNING', { what: `up in ${places.dir}`, pid: up?.pid ?? 'not known yet' });
}

/** Ends what a killed `up` left; its pod is kept if it serves the ports that are wanted now. True: a pod is kept. */
async function clearLeftovers(
  record: RunRecordFile,
  layout: Layout,
  places: Places,
  terminal: Terminal,
  stop: AbortSignal,
): Promise<boolean> {
  const tell = (text: string) => terminal.happened(text);
  const pod = await lookAtLastPod(places, layout, { tell, stop });
  if (pod.found === 'unfit') tell(`the pod of the last up, pid ${pod.pid}, is ended: ${pod.why}`);
  const keepPod = pod.found === 'kept';
  const ended = await endLeftovers(record.read().parts, places, { keepPod });
  for (const { name, pid, outcome } of ended) {
    if (outcome === 'stuck') throw new Error(`${name} (pid ${pid}) of the last up cannot be killed`);
    record.set(name, null);
    tell(`ended ${name} of the last up, pid ${pid}`);
  }
  if (keepPod) tell(`the pod of the last up goes on, pid ${pod.pid}`);
  return keepPod;
}

/** A kept pod holds its ports itself. */
function portsToTake(command: UpCommand, layout: Layout, keptPod: boolean): Endpoint[] {
  const at = (host: string) => (port: number) => ({ host, port });
  const { redis, rtmp, http, originHttp, originApi, ...others } = layout.ports;
  const own = [originHttp, originApi, ...(command.redis ? [redis] : [])].map(at(OWN_ADDRESS));
  const wanted = [...Object.values(others).map(at(layout.address)), ...own];
  if (keptPod) return wanted;
  const slots = Array.from({ length: command.edges ?? DEFAULT_EDGES }, (_, slot) => ({
    role: 'stream' as const,
    slot,
  }));
  const httpEdge = command.hls ? [{ role: 'http' as const, slot: 0 }] : [];
  const edges = [{ role: 'back-source' as const, slot: 0 }, ...slots, ...httpEdge];
  const ofEdges = edges.flatMap((key) => Object.values(edgePorts(layout.edgePorts, key)));
  return [...wanted, ...[rtmp, http].map(at(layout.address)), ...ofEdges.map(at(OWN_ADDRESS))];
}

async function keepHouse(parts: Parts, places: Places, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await parts.notePod();
    for (const name of readdirSync(places.logs)) if (name.endsWith('.log')) boundLog(join(places.logs, name));
    await systemClock.sleep(HOUSEKEEPING_MS, stop);
  }
}

function whoAmI(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
