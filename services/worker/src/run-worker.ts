import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BusCredentials, DolphinError, POD_SOCKET_NAME, type PodNames, subjectsOf } from '@dolphin/protocol';
import { Complaints, componentLogger, type Lifecycle, type Logger, lockDirectory, systemClock } from '@dolphin/runtime';
import { AskDesk } from './app/ask-desk.js';
import { CommandDesk } from './app/command-desk.js';
import { FactShipper, type HostWords } from './app/fact-shipper.js';
import { Herald } from './app/herald.js';
import { Leaving } from './app/leaving.js';
import { Membership } from './app/membership.js';
import { Outbox } from './app/outbox.js';
import { PodKeeper } from './app/pod-keeper.js';
import { Refusals } from './app/refusals.js';
import { SessionShipper } from './app/session-shipper.js';
import { DiskIdentity } from './files/identity-file.js';
import { writeNames } from './files/names-file.js';
import { DiskOutbox } from './files/outbox-file.js';
import { NatsBus } from './nats/nats-bus.js';
import { PodClient } from './pod/pod-client.js';
import { ProcFigures } from './process/host-figures.js';
import { DetachedPod } from './process/pod-starter.js';

export interface WorkerOptions {
  readonly farm: string;
  readonly nats: string;
  readonly credentials: string | BusCredentials | undefined;
  readonly host: string;
  /** Where clients and the other hosts reach it. */
  readonly address: string;
  /** What the log is told of this host when it joins. */
  readonly words: HostWords;
  /** Absolute, as all paths here. */
  readonly runDir: string;
  readonly rtmp: number[];
  readonly http: number[];
  readonly podScript: string;
  readonly podArgs: readonly string[];
  /** After each join: the farm is the one that this run directory knows. */
  readonly whenJoined: () => Promise<void>;
  readonly names: PodNames;
  /** How long the clients of a host that leaves may stay. */
  readonly leaveDeadlineMs: number;
}

/** Asks the worker to take its host out of the farm, and then to wait for no client. */
export interface LeaveSignals {
  readonly asked: AbortSignal;
  readonly hurry: AbortSignal;
}

/** sockaddr_un. */
const MAX_SOCKET_PATH_BYTES = 107;

/**
 * Starts the worker. Resolves when `lifecycle` has stopped it, or when its host has left as asked; rejects when it must not
 * go on, or could not leave.
 */
export async function runWorker(
  o: WorkerOptions,
  logger: Logger,
  lifecycle: Lifecycle,
  leave: LeaveSignals,
): Promise<void> {
  const { farm, host, runDir } = o;
  const socketPath = join(runDir, POD_SOCKET_NAME);
  if (Buffer.byteLength(socketPath) > MAX_SOCKET_PATH_BYTES) {
    throw new DolphinError('E_CONFIG', { where: 'runDir', why: `${socketPath} is too long for a unix socket` });
  }
  const lock = await lockDirectory(runDir, 'worker');
  if (!lock.held) throw new DolphinError('E_RUNNING', { what: `a worker in ${runDir}`, pid: lock.pid ?? 'unknown' });
  lifecycle.add('run lock', () => lock.release());

  const clock = systemClock;
  const stop = new AbortController();
  const { signal } = stop;
  const complaints = new Complaints(logger, clock);
  const pod = new PodClient(socketPath);
  const newId = randomUUID;
  const identity = new DiskIdentity(join(runDir, 'worker.json'), host);
  // Before anything is started: a run directory of another host is not to be touched.
  await identity.read();
  await writeNames(runDir, o.names);
  let membership: Membership | null = null;
  const outbox = new Outbox(new DiskOutbox(join(runDir, 'outbox.json'), logger), logger, () => membership?.wake());
  await outbox.open();

  let fail: (error: DolphinError) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  const keeper = new PodKeeper({
    pod,
    starter: new DetachedPod(o.podScript, o.podArgs, runDir),
    host,
    clock,
    logger,
    complaints,
    newId,
    onExit: (fact) => void outbox.add(fact),
    onStranger: (theirs) => fail(new DolphinError('E_HOST_MISMATCH', { ours: host, theirs })),
  });
  let isRefused = false;
  lifecycle.add('the pod stays', async () => {
    // Refused by the farm: the pod that was started for it would hold the public ports for nobody.
    if (isRefused && keeper.isUnused) await pod.stop(0);
    else if (!leaving.hasEndedPod) sayWhatStays(keeper.state?.pid ?? podPid(runDir), socketPath, logger);
  });
  const keeping = keeper.run(signal);
  const leaving = new Leaving({
    ...{ pod, keeper, outbox, clock, newId, logger: componentLogger(logger, 'leaving') },
    upTo: () => shipper?.upTo ?? 0,
    canTell: () => bus?.connected === true && membership?.me != null && membership.readOnly === null,
    deadlineMs: o.leaveDeadlineMs,
  });

  let bus: NatsBus | null = null;
  const me = () => membership?.me ?? null;
  const standing = () => ({ readOnly: membership?.readOnly ?? null, isLeaving: leaving.isLeaving });
  const herald = new Herald({
    bus: () => bus,
    keeper,
    figures: new ProcFigures(),
    farm,
    address: o.address,
    me,
    standing,
    upTo: () => shipper?.upTo ?? 0,
    clock,
  });
  let shipper: FactShipper | null = null;
  const telling = Promise.all([herald.runHeartbeats(signal), herald.runStats(signal)]);

  const joining = (async () => {
    const name = `worker ${host}`;
    const busLogger = componentLogger(logger, 'bus');
    bus = await NatsBus.connect({
      ...{ url: o.nats, credentials: o.credentials, farm, name },
      ...{ logger: busLogger, clock, complaints, signal },
    });
    const desk = new CommandDesk({
      pod,
      refusals: new Refusals({ add: (fact) => outbox.add(fact), clock, complaints, newId }),
      complaints,
      me,
      standing,
      onAccepted: () => herald.pulse(),
    });
    shipper = new FactShipper({
      log: bus.log,
      pod,
      outbox,
      subject: subjectsOf(farm).logHost(host),
      host,
      logger,
      newId,
      now: clock.now,
    });
    const ports = { rtmp: o.rtmp, http: o.http };
    const random = Math.random;
    const parts = {
      bus,
      shipper,
      identity,
      keeper,
      desk,
      asks: new AskDesk({ pod, me, complaints, heartbeat: () => herald.heartbeat() }),
      herald,
      farm,
      host,
      ports,
      words: o.words,
      clock,
      logger,
      complaints,
      random,
      whenJoined: o.whenJoined,
    };
    membership = new Membership(parts);
    const shared = { clock, logger, complaints, newId, random };
    const sessions = new SessionShipper({ bus, history: bus.sessions, pod, me, ...shared });
    // A loop of its own, which never rejects: facts wait for no session.
    await Promise.all([membership.run(signal), sessions.run(signal)]);
  })();

  lifecycle.add('loops', async () => {
    stop.abort();
    await Promise.allSettled([joining, keeping, telling]);
    await bus?.close();
  });
  const left = whenAborted(leave.asked).then(async () => {
    herald.pulse();
    await leaving.run(leave.hurry);
  });
  left.catch(() => undefined);
  const ended = Promise.all([joining, keeping, telling]).then(() => undefined);
  await Promise.race([ended, failed, left]).catch((error: unknown) => {
    if (signal.aborted) return;
    isRefused = !leaving.isLeaving;
    throw error;
  });
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve());
  });
}

function sayWhatStays(pid: number | null, socketPath: string, logger: Logger): void {
  if (pid === null) return;
  const how = `curl --unix-socket ${socketPath} -X POST http://pod/v1/stop`;
  logger.info({ pod: pid }, `the pod goes on serving as pid ${pid}; to take it down, with its edges: ${how}`);
}

function podPid(runDir: string): number | null {
  try {
    const pid = Number(readFileSync(join(runDir, 'pod.pid'), 'utf8'));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}
