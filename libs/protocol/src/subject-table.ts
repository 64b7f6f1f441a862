import type { z } from 'zod';
import { Ask, AskReply, MAX_ASK_BYTES } from './ask.js';
import { Command, CommandReply, MAX_COMMAND_BYTES } from './commands.js';
import { LeaseValue, MAX_LEASE_BYTES } from './lease-value.js';
import { Kick, KickReply, MAX_KICK_BYTES } from './live-sessions.js';
import { DecisionEnvelope, FactEnvelope, MAX_ENVELOPE_BYTES, OperatorEnvelope } from './log-entries.js';
import { MAX_SESSION_BATCH_BYTES, SessionBatch } from './session-history.js';
import type { Subjects } from './subjects.js';
import { FarmView, Heartbeat, HostStats, MAX_TELEMETRY_BYTES, MAX_VIEW_BYTES } from './telemetry.js';

/** Who speaks on the bus. A worker speaks for its own host only. */
export type BusRole = 'master' | 'worker' | 'cli';

/** The messages of the bus, by the name of their schema. */
export const BUS_MESSAGES = {
  OperatorEnvelope,
  DecisionEnvelope,
  FactEnvelope,
  Command,
  CommandReply,
  Heartbeat,
  HostStats,
  FarmView,
  Ask,
  AskReply,
  Kick,
  KickReply,
  SessionBatch,
  LeaseValue,
} as const satisfies Record<string, z.ZodType>;
export type BusMessage = keyof typeof BUS_MESSAGES;

export interface SubjectRow {
  /** `<farm>` and `<host>` stand for their names. */
  readonly subject: string;
  /** Where subjectsOf has it; a KV bucket is known by its bucket's name. */
  readonly of: keyof Subjects;
  /** `log`: in a stream of the farm. `request`: with a reply, of which the first counts. `core`: whoever listens hears it. */
  readonly kind: 'log' | 'request' | 'core' | 'kv';
  /** Where JetStream keeps it. */
  readonly stream?: 'logStream' | 'sessionsStream' | 'leaseBucket';
  readonly writers: readonly BusRole[];
  readonly readers: readonly BusRole[];
  readonly message: BusMessage;
  /** Of a request. */
  readonly reply?: BusMessage;
  /** Of a message and of a reply; what is larger is refused unread. */
  readonly limitBytes: number;
  readonly what: string;
}

/** Every subject of a farm: who may write it, who reads it, what it carries. Permissions on the bus follow from this. */
export const SUBJECTS: readonly SubjectRow[] = [
  {
    subject: 'dolphin.<farm>.log.operator',
    of: 'logOperator',
    kind: 'log',
    stream: 'logStream',
    writers: ['master'],
    readers: ['master', 'worker'],
    message: 'OperatorEnvelope',
    limitBytes: MAX_ENVELOPE_BYTES,
    what: 'what was asked, by whichever master was asked',
  },
  {
    subject: 'dolphin.<farm>.log.decisions',
    of: 'logDecisions',
    kind: 'log',
    stream: 'logStream',
    writers: ['master'],
    readers: ['master', 'worker'],
    message: 'DecisionEnvelope',
    limitBytes: MAX_ENVELOPE_BYTES,
    what: 'what was decided, by the leader alone',
  },
  {
    subject: 'dolphin.<farm>.log.host.<host>',
    of: 'logHost',
    kind: 'log',
    stream: 'logStream',
    writers: ['worker'],
    readers: ['master', 'worker'],
    message: 'FactEnvelope',
    limitBytes: MAX_ENVELOPE_BYTES,
    what: 'what happened on that host',
  },
  {
    subject: 'dolphin.<farm>.command.<host>',
    of: 'command',
    kind: 'request',
    writers: ['master'],
    readers: ['worker'],
    message: 'Command',
    reply: 'CommandReply',
    limitBytes: MAX_COMMAND_BYTES,
    what: 'an instruction of the leader; accepted is persisted, completion is a fact',
  },
  {
    subject: 'dolphin.<farm>.heartbeat.<host>',
    of: 'heartbeat',
    kind: 'core',
    writers: ['worker'],
    readers: ['master', 'worker', 'cli'],
    message: 'Heartbeat',
    limitBytes: MAX_TELEMETRY_BYTES,
    what: 'each second and on change: the host and its pod',
  },
  {
    subject: 'dolphin.<farm>.stats.<host>',
    of: 'stats',
    kind: 'core',
    writers: ['worker'],
    readers: ['master', 'cli'],
    message: 'HostStats',
    limitBytes: MAX_TELEMETRY_BYTES,
    what: 'every two seconds: CPU, memory, net',
  },
  {
    subject: 'dolphin.<farm>.sessions.<host>',
    of: 'sessions',
    kind: 'log',
    stream: 'sessionsStream',
    writers: ['worker'],
    readers: ['master', 'worker'],
    message: 'SessionBatch',
    limitBytes: MAX_SESSION_BATCH_BYTES,
    what: 'how sessions ended on that host, in a stream of their own',
  },
  {
    subject: 'dolphin.<farm>.farm',
    of: 'farm',
    kind: 'core',
    writers: ['master'],
    readers: ['cli'],
    message: 'FarmView',
    limitBytes: MAX_VIEW_BYTES,
    what: 'each second and on change, by the leader: the whole farm',
  },
  {
    subject: 'dolphin.<farm>.ask.<host>',
    of: 'ask',
    kind: 'request',
    writers: ['cli', 'master'],
    readers: ['worker'],
    message: 'Ask',
    reply: 'AskReply',
    limitBytes: MAX_TELEMETRY_BYTES,
    what: `a question to a worker, of ${MAX_ASK_BYTES} bytes at most; empty asks for its state`,
  },
  {
    subject: 'dolphin.<farm>.kick.<host>',
    of: 'kick',
    kind: 'request',
    writers: ['master'],
    readers: ['worker'],
    message: 'Kick',
    reply: 'KickReply',
    limitBytes: MAX_KICK_BYTES,
    what: 'a client of that host is to be closed; any master may ask',
  },
  {
    subject: '$KV.dolphin-<farm>-lease.leader',
    of: 'leaseBucket',
    kind: 'kv',
    stream: 'leaseBucket',
    writers: ['master'],
    readers: ['master'],
    message: 'LeaseValue',
    limitBytes: MAX_LEASE_BYTES,
    what: 'who may lead; ends by its age',
  },
];
