import { join } from 'node:path';
import type { FarmCredentials } from '../credentials/farm-credentials.js';
import { type Layout, OWN_ADDRESS } from '../domain/layout.js';
import { podState } from '../http/pod-socket.js';
import { httpAnswers, natsAnswers, redisAnswers } from '../http/probes.js';
import type { Program } from '../process/spawn-child.js';
import { type Places, ROOT } from './places.js';

/** One of the programs that `up` starts: how, and how it shows that it serves. */
export interface Part {
  readonly title: string;
  readonly program: Program;
  readonly ready: () => Promise<boolean>;
}

export const ORIGIN_CONF = 'origin.conf';

export interface Programs {
  readonly nats: Part;
  readonly redis: Part;
  readonly origin: Part;
  readonly master: Part;
  readonly worker: Part;
  readonly publisher: Part;
}

export interface ProgramOptions {
  readonly redis: boolean;
  /** The program; a name is looked for on the PATH. */
  readonly natsServer: string;
  /** Null: they ask nobody who they are. */
  readonly credentials: FarmCredentials | null;
}

export function programsOf(layout: Layout, places: Places, options: ProgramOptions): Programs {
  const { address, ports } = layout;
  const { credentials } = options;
  const natsUrl = `nats://${address}:${ports.nats}`;
  const log = (name: string) => join(places.logs, `${name}.log`);
  const node = (script: string, args: readonly string[]) => ({
    command: process.execPath,
    args: ['--enable-source-maps', join(ROOT, script), ...args],
  });
  const redis = options.redis ? `redis://${OWN_ADDRESS}:${ports.redis}` : '';
  return {
    nats: {
      title: 'nats-server',
      program: {
        command: options.natsServer,
        args: credentials
          ? ['-c', credentials.natsConf]
          : ['-a', address, '-p', String(ports.nats), '-js', '-sd', places.nats, '-n', 'dolphin-up'],
        cwd: places.nats,
        logFile: log('nats'),
      },
      ready: () => natsAnswers({ host: address, port: ports.nats }),
    },
    redis: {
      title: 'redis-server',
      program: {
        command: 'redis-server',
        args: [
          ...['--bind', OWN_ADDRESS, '--port', String(ports.redis), '--dir', places.redis, '--daemonize', 'no'],
          // Flushed each second: the view may lose its last second, it is rebuilt anyway.
          ...['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''],
        ],
        cwd: places.redis,
        logFile: log('redis'),
      },
      ready: () => redisAnswers({ host: OWN_ADDRESS, port: ports.redis }),
    },
    origin: {
      title: 'origin',
      program: {
        // By itself, as a pod starts it: with the engine's flags that stand in its first line.
        command: join(ROOT, 'bin/dolphin-edge'),
        args: ['-c', join(places.origin, ORIGIN_CONF)],
        cwd: places.origin,
        logFile: log('origin'),
      },
      ready: () => httpAnswers({ host: OWN_ADDRESS, port: ports.originApi }, '/api/v1/versions'),
    },
    master: {
      title: 'master',
      program: {
        ...node('bin/dolphin-master', [
          ...['--nats', natsUrl, '--listen', `${address}:${ports.api}`, '--state-dir', places.master],
          ...['--redis', redis],
          ...(credentials ? ['--credentials', credentials.master, '--tokens', credentials.tokens] : []),
        ]),
        cwd: places.master,
        logFile: log('master'),
      },
      ready: () => httpAnswers({ host: address, port: ports.api }, '/healthz'),
    },
    worker: {
      title: 'worker',
      program: {
        ...node('bin/dolphin-worker', [
          ...['--nats', natsUrl, '--address', address, '--run-dir', places.worker],
          ...['--rtmp', String(ports.rtmp), '--http', String(ports.http)],
          ...(credentials ? ['--credentials', credentials.worker, '--host', credentials.host] : []),
          ...['--conf', join(ROOT, 'conf/dolphin.conf'), '--engine', `builtin=${join(ROOT, 'bin/dolphin-edge')}`],
        ]),
        // Not its run directory: who works in there is the pod.
        cwd: places.dir,
        logFile: log('worker'),
      },
      ready: async () => (await podState(places.podSocket)) !== null,
    },
    publisher: {
      title: 'sample publisher',
      program: {
        ...node('services/launcher/dist/sample-publisher.js', [`rtmp://${address}:${ports.rtmp}/live/livestream`]),
        cwd: places.dir,
        logFile: log('publisher'),
      },
      // It shows at the player, at the end of the start.
      ready: async () => true,
    },
  };
}
