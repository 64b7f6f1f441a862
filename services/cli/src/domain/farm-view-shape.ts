import type { EdgeView, FarmView, HostView, UpdateView } from '@dolphin/protocol';
import {
  either,
  isFlag,
  isNumber,
  isText,
  listOf,
  mapOf,
  nullable,
  oneOf,
  optional,
  shapeOf,
} from '@dolphin/protocol/plain.js';

const isProblem = shapeOf<{ code: string; message: string }>({ code: isText, message: isText });
const isPort = isNumber;
const isLabels = optional(mapOf(isText));
const isConf = optional(shapeOf<{ name: string; revision: number }>({ name: isText, revision: isNumber }));

const isHost = shapeOf<HostView>({
  host: isText,
  liveness: oneOf('joining', 'up', 'suspect', 'unmanaged', 'lost'),
  epoch: isNumber,
  address: isText,
  podPid: nullable(isNumber),
  rtmp: listOf(isPort),
  http: listOf(isPort),
  desired: isNumber,
  ready: isNumber,
  clients: isNumber,
  kbitPerS: isNumber,
  cpuPercent: isNumber,
  memoryBytes: isNumber,
  memoryFreeBytes: isNumber,
  heardMsAgo: nullable(isNumber),
  cordoned: optional(isFlag),
  draining: optional(
    shapeOf<NonNullable<HostView['draining']>>({ deadlineAt: isText, clientsLeft: isNumber, edgesLeft: isNumber }),
  ),
  leaving: optional(isFlag),
  readOnly: optional(isProblem),
  labels: isLabels,
  capacity: optional(isNumber),
  privateAddress: optional(isText),
});

const isEdge = shapeOf<EdgeView>({
  name: optional(isText),
  host: isText,
  role: oneOf('stream', 'back-source', 'http'),
  slot: isNumber,
  generation: isNumber,
  engine: isText,
  conf: isConf,
  state: oneOf(
    ...(['starting', 'ready', 'draining', 'stopping', 'exited', 'backing-off', 'gave-up'] as const),
    ...(['assigned', 'unknown', 'drained'] as const),
  ),
  pid: nullable(isNumber),
  ports: shapeOf<EdgeView['ports']>({ rtmp: isPort, http: optional(isPort), api: isPort }),
  privateAddress: optional(isText),
  origins: listOf(isText),
  term: isNumber,
  sequence: isNumber,
  transport: oneOf('hand-off', 'relay', 'none'),
  clients: isNumber,
  ejectedForMs: optional(isNumber),
  failures: optional(mapOf(isNumber)),
  shortcoming: optional(isText),
  kbitPerS: isNumber,
  sentBytes: isNumber,
  logDroppedBytes: optional(isNumber),
  cpuPercent: isNumber,
  rssBytes: isNumber,
  restarts: isNumber,
  drainLeftMs: optional(isNumber),
  uptimeMs: isNumber,
  api: isText,
  refusal: optional(isProblem),
});

type Spec = NonNullable<FarmView['spec']>;

const isHttp = optional(either(oneOf(0), oneOf(1)));

const isSpec = shapeOf<Spec>({
  edges: either(
    shapeOf<Extract<Spec['edges'], { perHost: number }>>({ perHost: isNumber, on: isLabels, http: isHttp }),
    shapeOf<Extract<Spec['edges'], { total: number }>>({ total: isNumber, on: isLabels, http: isHttp }),
  ),
  engine: isText,
  conf: isConf,
  origins: listOf(isText),
  ports: shapeOf<Spec['ports']>({
    ...{ streamRtmp: isPort, streamHttp: isPort, streamApi: isPort },
    ...{ backSourceRtmp: isPort, backSourceApi: isPort },
    ...{ httpRtmp: isPort, httpHttp: isPort, httpApi: isPort },
  }),
  update: optional(
    shapeOf<NonNullable<Spec['update']>>({
      maxParallel: isNumber,
      minHealthyMs: isNumber,
      deadlineMs: isNumber,
      onFailure: oneOf('stop', 'continue'),
      viewerPercent: isNumber,
    }),
  ),
  drainDeadlineMs: optional(isNumber),
});

/**
 * Yes: it can be shown as it is. No: it may be one all the same, of a version that leaves out what has a default; the
 * schema, which is the contract but takes longer to load than all else together, decides then. The types keep the two in step.
 */
export const isFarmView = shapeOf<FarmView>({
  farm: isText,
  farmId: nullable(isText),
  version: isText,
  at: isText,
  sequence: isNumber,
  specVersion: isNumber,
  spec: nullable(isSpec),
  leader: nullable(shapeOf<NonNullable<FarmView['leader']>>({ master: isText, term: isNumber })),
  master: shapeOf<FarmView['master']>({
    id: isText,
    state: oneOf('starting', 'follower', 'candidate', 'leader', 'read-only'),
    problem: optional(isProblem),
  }),
  connected: isFlag,
  settled: isFlag,
  update: optional(
    shapeOf<UpdateView>({
      specVersion: isNumber,
      state: oneOf('running', 'stopped', 'finished'),
      edges: isNumber,
      done: isNumber,
      failed: optional(isNumber),
      why: optional(isText),
    }),
  ),
  problems: optional(
    listOf(
      shapeOf<NonNullable<FarmView['problems']>[number]>({ code: isText, message: isText, host: optional(isText) }),
    ),
  ),
  hosts: listOf(isHost),
  edges: listOf(isEdge),
  totals: shapeOf<FarmView['totals']>({
    ...{ hosts: isNumber, hostsUp: isNumber, desired: isNumber },
    ...{ ready: isNumber, clients: isNumber, kbitPerS: isNumber },
  }),
});
