import {
  ConfName,
  DEFAULT_FARM,
  DEFAULT_PRIVATE_ADDRESS,
  DrainDeadlineMs,
  EngineName,
  FarmName,
  HostId,
  Labels,
  MAX_EDGES_PER_HOST,
  MAX_HOST_NAMES,
  Port,
  PUBLIC_HTTP_PORT,
  PUBLIC_RTMP_PORT,
} from '@dolphin/protocol';
import { UsageError } from '@dolphin/runtime';
import { z } from 'zod';

/** 19350, [19350, 19351] or "19350,19351" */
const Ports = z.preprocess((value) => {
  if (typeof value === 'number') return [value];
  return typeof value === 'string' ? value.split(',').map((one) => Number(one.trim() || Number.NaN)) : value;
}, z.array(Port, 'wants ports, with commas between').min(1).max(16));

/** conf/worker.yaml, DOLPHIN_* and flags; each field is documented in the file. */
export const WorkerConfig = z.strictObject({
  farm: FarmName.default(DEFAULT_FARM),
  nats: z.string().min(1).default('nats://127.0.0.1:14222'),
  /** Who this is on NATS: a file. */
  credentials: z.string().min(1).optional(),
  /** Default: the name of this machine. */
  host: HostId.optional(),
  address: z.string().min(1).max(255).default('127.0.0.1'),
  privateAddress: z
    .ipv4()
    .refine((address) => address !== '0.0.0.0', 'wants one address: on all of them anybody could ask the edges')
    .default(DEFAULT_PRIVATE_ADDRESS),
  runDir: z.string().min(1).default('.dolphin/worker'),
  rtmp: Ports.default([PUBLIC_RTMP_PORT]),
  http: Ports.default([PUBLIC_HTTP_PORT]),
  conf: z.string().min(1).optional(),
  podConfig: z.string().min(1).optional(),
  engines: z
    .record(EngineName, z.string().min(1))
    // The log is told their names, and builtin.
    .refine((engines) => Object.keys(engines).length < MAX_HOST_NAMES, `fewer than ${MAX_HOST_NAMES} engines`)
    .default({}),
  /** Beside the one that the pod takes where a specification names none. */
  confs: z
    .record(ConfName, z.string().min(1))
    .refine((confs) => Object.keys(confs).length <= MAX_HOST_NAMES, `at most ${MAX_HOST_NAMES} confs`)
    .default({}),
  labels: Labels.default({}),
  /** Default: what the ports allow. */
  capacity: z.int().min(0).max(MAX_EDGES_PER_HOST).optional(),
  mode: z.enum(['auto', 'relay']).default('auto'),
  relays: z.int().min(1).max(64).default(1),
  leaveDeadlineMs: DrainDeadlineMs.default(300_000),
});
export type WorkerConfig = z.infer<typeof WorkerConfig>;

export const FLAGS = {
  config: { type: 'string' },
  join: { type: 'string' },
  farm: { type: 'string' },
  nats: { type: 'string' },
  credentials: { type: 'string' },
  host: { type: 'string' },
  address: { type: 'string' },
  'private-address': { type: 'string' },
  'run-dir': { type: 'string' },
  rtmp: { type: 'string' },
  http: { type: 'string' },
  conf: { type: 'string' },
  'pod-config': { type: 'string' },
  engine: { type: 'string', multiple: true },
  label: { type: 'string', multiple: true },
  capacity: { type: 'int' },
  mode: { type: 'string' },
  relays: { type: 'int' },
  leave: { type: 'boolean' },
  'leave-deadline-ms': { type: 'int' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** `--engine builtin=bin/dolphin-edge`, `--label zone=a`; undefined: none was given. Throws UsageError. */
export function parsePairs(
  flag: 'engine' | 'label',
  given: readonly string[] | undefined,
): Record<string, string> | undefined {
  if (given === undefined) return undefined;
  return Object.fromEntries(
    given.map((pair) => {
      const [, name, value] = /^([^=]+)=(.+)$/.exec(pair) ?? [];
      if (name === undefined || value === undefined) throw new UsageError(`--${flag} ${pair}: wants NAME=VALUE`);
      return [name, value];
    }),
  );
}

export const USAGE = `usage: ./dolphin worker [--join FILE|-] [--config FILE] [--farm main] [--nats nats://127.0.0.1:14222]
         [--credentials FILE] [--host ID] [--address 127.0.0.1] [--private-address ${DEFAULT_PRIVATE_ADDRESS}]
         [--run-dir DIR] [--rtmp ${PUBLIC_RTMP_PORT}] [--http ${PUBLIC_HTTP_PORT}] [--conf FILE] [--engine NAME=PATH]...
         [--mode auto|relay] [--relays N] [--pod-config FILE] [--label NAME=VALUE]... [--capacity N]
         [--leave] [--leave-deadline-ms 300000]

With --join it takes an invitation, from a file or from stdin (-), and keeps it in its run directory: as ./dolphin up --listen
and ./dolphin invite print it. It says which farm, where, as which host and with which password.
Joins the farm as one host: keeps its pod running, takes the leader's commands, reports facts and figures.
The pod survives the worker; a new worker adopts it. With --leave a worker that is told to end (SIGTERM, Ctrl-C) takes its
host out of the farm: the edges drain, the pod ends; told again, it waits for no client. See conf/worker.yaml.
`;
