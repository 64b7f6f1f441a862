import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DolphinError, hostIdFrom } from '@dolphin/protocol';
import { ConfigError, createLogger, Lifecycle, onTermination, parseFlags, UsageError } from '@dolphin/runtime';
import { FLAGS, parsePairs, USAGE } from './config.js';
import { invitedConfig } from './invited-config.js';
import { runWorker, type WorkerOptions } from './run-worker.js';

let stop: () => void = () => process.exit(0);
const asked = new AbortController();
const hurry = new AbortController();
onTermination(() => stop());

const fromRoot = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

await main();

async function main(): Promise<void> {
  const logger = createLogger({ component: 'worker' });
  const lifecycle = new Lifecycle(logger);
  // A terminal that closes takes nothing with it.
  process.on('SIGHUP', () => undefined);
  stop = () => {
    logger.info('stopping');
    void lifecycle.stop().then(() => process.exit(0));
  };
  try {
    const options = await readOptions();
    if (options === 'help') {
      process.stdout.write(USAGE);
      return;
    }
    if (options.leaves) stop = () => (asked.signal.aborted ? hurry.abort() : asked.abort());
    await runWorker(options, logger, lifecycle, { asked: asked.signal, hurry: hurry.signal });
    await lifecycle.stop();
    process.exit(0);
  } catch (error) {
    if (lifecycle.stopping) return;
    const code = report(error);
    await lifecycle.stop();
    process.exit(code);
  }
}

/** Throws UsageError, ConfigError, DolphinError. */
async function readOptions(): Promise<(WorkerOptions & { leaves: boolean }) | 'help'> {
  const { flags } = parseFlags(process.argv.slice(2), FLAGS);
  const {
    config: file,
    join,
    leave,
    help,
    engine,
    label,
    'run-dir': runDirFlag,
    'pod-config': podConfig,
    'private-address': privateAddress,
    'leave-deadline-ms': leaveDeadlineMs,
    ...plain
  } = flags;
  if (help) return 'help';
  const {
    config: read,
    credentials,
    keep,
  } = await invitedConfig({
    ...{ file, join },
    env: process.env,
    flags: {
      ...plain,
      privateAddress,
      leaveDeadlineMs,
      runDir: runDirFlag,
      podConfig,
      engines: parsePairs('engine', engine),
      labels: parsePairs('label', label),
    },
  });
  const host = read.host ?? hostIdFrom(hostname());
  if (host === '') throw new ConfigError({ file: 'flags', field: 'host' }, 'this machine has no usable name: give one');
  const runDir = resolve(read.runDir);
  const absolute = (paths: Record<string, string>) =>
    Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, resolve(path)]));
  const engines = { builtin: fromRoot('bin/dolphin-edge'), ...absolute(read.engines) };
  const confs = absolute(read.confs);
  const podArgs = [
    ...['--run-dir', runDir, '--host', host, '--rtmp', read.rtmp.join(','), '--http', read.http.join(',')],
    ...['--address', read.address, '--private-address', read.privateAddress],
    ...['--conf', read.conf === undefined ? fromRoot('conf/dolphin.conf') : resolve(read.conf)],
    ...['--mode', read.mode, '--relays', String(read.relays)],
    ...(read.podConfig === undefined ? [] : ['--config', resolve(read.podConfig)]),
  ];
  const { farm, nats, address, rtmp, http } = read;
  return {
    ...{ farm, nats, credentials, host, address, runDir, rtmp, http, whenJoined: keep },
    ...{ podScript: fromRoot('bin/dolphin-pod'), podArgs, names: { engines, confs } },
    words: {
      address,
      labels: read.labels,
      engines: Object.keys(engines),
      confs: Object.keys(confs),
      ...(read.capacity !== undefined && { capacity: read.capacity }),
    },
    ...{ leaves: leave ?? false, leaveDeadlineMs: read.leaveDeadlineMs },
  };
}

function report(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`dolphin-worker: ${error.message}\n${USAGE}`);
    return error.exit;
  }
  if (error instanceof ConfigError || error instanceof DolphinError) {
    process.stderr.write(`dolphin-worker: ${error.message}\n`);
    return error.exit;
  }
  process.stderr.write(`dolphin-worker: ${error instanceof Error ? error.stack : String(error)}\n`);
  return 70;
}
