/** NATS subjects and names: built and taken apart here and nowhere else. */
import { NAME_PATTERN } from './name-pattern.js';

export interface Subjects {
  /** dolphin.<farm>.log.operator */
  readonly logOperator: string;
  /** dolphin.<farm>.log.decisions */
  readonly logDecisions: string;
  /** dolphin.<farm>.log.> */
  readonly logAll: string;
  /** dolphin.<farm>.log.host.<host> */
  logHost(host: string): string;
  /** dolphin.<farm>.command.<host> */
  command(host: string): string;
  /** dolphin.<farm>.heartbeat.<host> */
  heartbeat(host: string): string;
  /** dolphin.<farm>.heartbeat.* */
  readonly heartbeatAll: string;
  /** dolphin.<farm>.stats.<host> */
  stats(host: string): string;
  /** dolphin.<farm>.stats.* */
  readonly statsAll: string;
  /** dolphin.<farm>.sessions.<host> */
  sessions(host: string): string;
  /** dolphin.<farm>.sessions.* */
  readonly sessionsAll: string;
  /** dolphin.<farm>.farm */
  readonly farm: string;
  /** dolphin.<farm>.ask.<host> */
  ask(host: string): string;
  /** dolphin.<farm>.kick.<host> */
  kick(host: string): string;
  /** dolphin.<farm>.reply.<host>: in front of a token of the asker, where the host's worker answers requests */
  reply(host: string): string;
  /** dolphin.<farm>.reply.*.> */
  readonly replyAll: string;
  /** JetStream stream dolphin-<farm>-log */
  readonly logStream: string;
  /** JetStream stream dolphin-<farm>-sessions */
  readonly sessionsStream: string;
  /** KV bucket dolphin-<farm>-lease */
  readonly leaseBucket: string;
}

/** Throws RangeError for a name that NAME_PATTERN refuses: it would change the subject's meaning. */
export function subjectsOf(farm: string): Subjects {
  const root = `dolphin.${checked(farm)}`;
  return {
    logOperator: `${root}.log.operator`,
    logDecisions: `${root}.log.decisions`,
    logAll: `${root}.log.>`,
    logHost: (host) => `${root}.log.host.${checked(host)}`,
    command: (host) => `${root}.command.${checked(host)}`,
    heartbeat: (host) => `${root}.heartbeat.${checked(host)}`,
    heartbeatAll: `${root}.heartbeat.*`,
    stats: (host) => `${root}.stats.${checked(host)}`,
    statsAll: `${root}.stats.*`,
    sessions: (host) => `${root}.sessions.${checked(host)}`,
    sessionsAll: `${root}.sessions.*`,
    farm: `${root}.farm`,
    ask: (host) => `${root}.ask.${checked(host)}`,
    kick: (host) => `${root}.kick.${checked(host)}`,
    reply: (host) => `${root}.reply.${checked(host)}`,
    replyAll: `${root}.reply.*.>`,
    logStream: `dolphin-${farm}-log`,
    sessionsStream: `dolphin-${farm}-sessions`,
    leaseBucket: `dolphin-${farm}-lease`,
  };
}

/** The host of a `…log.host.<host>` subject, or of another that ends with a host (`…heartbeat.<host>`), or null. */
export function hostOfSubject(subject: string): string | null {
  const match = /^dolphin\.[^.]+\.(?:log\.host|heartbeat|stats|sessions|command|ask|kick)\.([^.]+)$/.exec(subject);
  return match?.[1] !== undefined && NAME_PATTERN.test(match[1]) ? match[1] : null;
}

function checked(name: string): string {
  if (!NAME_PATTERN.test(name)) throw new RangeError(`not a farm or host name: ${JSON.stringify(name)}`);
  return name;
}
