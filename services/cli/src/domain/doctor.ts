import type { ErrorCode, FarmView, Heartbeat } from '@dolphin/protocol';
import { age } from './words.js';

/**
 * `ok`: it was looked at. `advice`: the farm serves, and would do better otherwise. `wrong`: something does not work.
 * `unseen`: it could not be looked at from here.
 */
export type FindingLevel = 'ok' | 'advice' | 'wrong' | 'unseen';

export interface Finding {
  readonly check: 'master' | 'nats' | 'lease' | 'log' | 'farm' | 'host' | 'clock' | 'setting' | 'ports';
  /** A master's or NATS's address, a host, this machine. */
  readonly about: string;
  readonly level: FindingLevel;
  readonly what: string;
  /** The command or the step that mends it; null: nothing is to be mended, or nobody here knows how. */
  readonly mend: string | null;
}

/** How doctor ends. */
export const DOCTOR_EXIT = { well: 0, advice: 1, wrong: 2 } as const;
export type DoctorLevel = keyof typeof DOCTOR_EXIT;

export interface Failure {
  readonly code: string;
  readonly message: string;
}

export interface MasterSeen {
  readonly address: string;
  readonly answeredMs: number;
  readonly view: FarmView | Failure;
}

export interface BusSeen {
  readonly url: string;
  readonly server:
    | { readonly version: string; readonly rttMs: number; readonly maxPayloadBytes: number }
    /** `isRefused`: it is there, and does not know who asks. */
    | (Failure & { readonly isRefused?: true });
  /** How long was listened. */
  readonly listenedMs: number;
  /** The newest of each host; `heardMs`: this machine's clock then, ms since 1970. */
  readonly heartbeats: readonly { readonly heartbeat: Heartbeat; readonly heardMs: number }[];
  /** The newest aggregate; null: no leader told any. */
  readonly announced: Pick<FarmView, 'master' | 'leader'> | null;
}

export interface Seen {
  readonly version: string;
  readonly masters: readonly MasterSeen[];
  /** Null: nobody knows where NATS is. */
  readonly bus: BusSeen | null;
  /** The newest sequence; null: no master answers. */
  readonly log: { readonly lastSequence: number } | Failure | null;
  /** What the pod of this machine advises where no heartbeat tells it; null: it was heard, or there is none. */
  readonly localAdvice: readonly string[] | null;
  /** Ports of this machine that outgoing connections may take, and the setting that keeps them; null: not known. */
  readonly openPorts: { readonly open: string; readonly reserve: string } | null;
  /** Hosts that are this machine. */
  readonly ownHosts: ReadonlySet<string>;
}

/** Two seconds are seen in times that people compare; a busy machine alone makes one. */
const CLOCK_ADVICE_MS = 2_000;
/** Masters take hosts and NATS to agree as well as this. */
const CLOCK_WRONG_MS = 60_000;
/** The aggregate of a whole farm must fit in a message. */
const LEAST_PAYLOAD_BYTES = 1_000_000;
const RESERVED_PORTS = 'net.ipv4.ip_local_reserved_ports=';

/** All that can be said of a farm from one machine, in the order in which things stand on one another. */
export function findingsOf(seen: Seen): Finding[] {
  return [
    ...busFindings(seen.bus),
    ...seen.masters.map((master) => masterFinding(master, seen)),
    ...leaseFindings(seen),
    ...logFindings(seen.log),
    ...farmFindings(bestView(seen)),
    ...hostFindings(seen),
    ...clockFindings(seen.bus),
    ...settingFindings(seen),
    ...portFindings(seen.openPorts),
  ];
}

export function doctorLevel(findings: readonly Finding[]): DoctorLevel {
  if (findings.some(({ level }) => level === 'wrong')) return 'wrong';
  return findings.some(({ level }) => level !== 'ok') ? 'advice' : 'well';
}

function isFailure(value: object): value is Failure {
  return 'code' in value;
}

/** The first master's that is in touch, else the first one's. */
function bestView({ masters }: Seen): FarmView | null {
  const views = masters.flatMap(({ view }) => (isFailure(view) ? [] : [view]));
  return views.find(({ connected }) => connected) ?? views[0] ?? null;
}

function busFindings(bus: BusSeen | null): Finding[] {
  if (bus === null) {
    const what = 'where it is, no cli.json of an up says: hosts are as masters show them';
    return [{ check: 'nats', about: 'NATS', level: 'unseen', what, mend: 'dolphin-cli --dir DIR doctor' }];
  }
  const { server, url } = bus;
  const finding = { check: 'nats', about: url } as const;
  if (isFailure(server)) {
    const mend = server.isRefused
      ? 'dolphin-cli --credentials FILE doctor'
      : './dolphin up, or nats-server -c conf/nats/single.conf';
    return [{ ...finding, level: 'wrong', what: `${server.code}: ${server.message}`, mend }];
  }
  if (server.maxPayloadBytes < LEAST_PAYLOAD_BYTES) {
    const what = `takes messages of ${server.maxPayloadBytes} bytes only`;
    return [{ ...finding, level: 'wrong', what, mend: 'max_payload: 1MB in its configuration' }];
  }
  return [{ ...finding, level: 'ok', what: `answers in ${server.rttMs} ms, version ${server.version}`, mend: null }];
}

/** A master is there, and wants to know who asks. */
const TOKEN_CODES: ReadonlySet<string> = new Set(['E_UNAUTHORIZED', 'E_FORBIDDEN'] satisfies ErrorCode[]);

function masterFinding({ address, answeredMs, view }: MasterSeen, { masters, version }: Seen): Finding {
  const finding = { check: 'master', about: address } as const;
  if (isFailure(view)) {
    // One of several: the others answer, and one of them leads.
    const level = masters.some((other) => !isFailure(other.view)) ? 'advice' : 'wrong';
    const mend = TOKEN_CODES.has(view.code)
      ? 'dolphin-cli --token-file FILE doctor'
      : './dolphin up, or dolphin-master --config conf/master.yaml';
    return { ...finding, level, what: `${view.code}: ${view.message}`, mend };
  }
  const { master } = view;
  if (master.problem) {
    return { ...finding, level: 'wrong', what: `${master.problem.code}: ${master.problem.message}`, mend: null };
  }
  if (!view.connected) {
    return { ...finding, level: 'wrong', what: `${master.id} is cut off from NATS`, mend: 'nats in its configuration' };
  }
  const what = `answers in ${answeredMs} ms: ${master.id}, ${master.state}, version ${view.version}`;
  if (view.version === version) return { ...finding, level: 'ok', what, mend: null };
  return { ...finding, level: 'advice', what: `${what}; this is ${version}`, mend: 'one version everywhere' };
}

function leaseFindings(seen: Seen): Finding[] {
  const { bus } = seen;
  const view = bestView(seen);
  if (bus !== null && !isFailure(bus.server)) {
    const { announced, listenedMs } = bus;
    if (announced === null) {
      const mend = view === null ? 'start a master' : 'the logs of the masters say why';
      return [{ check: 'lease', about: 'leader', level: 'wrong', what: `none was heard in ${listenedMs} ms`, mend }];
    }
    const { master, leader } = announced;
    const what = `${master.id} leads, term ${leader?.term ?? 'unknown'}`;
    return [{ check: 'lease', about: 'leader', level: 'ok', what, mend: null }];
  }
  const what = view?.leader ? `${view.leader.master} led last, term ${view.leader.term}` : 'nobody tells who leads';
  return [{ check: 'lease', about: 'leader', level: 'unseen', what, mend: null }];
}

function logFindings(log: Seen['log']): Finding[] {
  const finding = { check: 'log', about: 'log' } as const;
  if (log === null) return [{ ...finding, level: 'unseen', what: 'no master answers that could read it', mend: null }];
  if (!isFailure(log)) {
    return [{ ...finding, level: 'ok', what: `can be read, up to sequence ${log.lastSequence}`, mend: null }];
  }
  return [{ ...finding, level: 'wrong', what: `${log.code}: ${log.message}`, mend: null }];
}

function farmFindings(view: FarmView | null): Finding[] {
  if (view === null) return [];
  const finding = { check: 'farm', about: view.farm } as const;
  const own: Finding[] =
    view.spec === null
      ? [
          {
            ...finding,
            level: 'wrong',
            what: 'nothing has been applied yet',
            mend: 'dolphin-cli apply -f conf/farm.yaml',
          },
        ]
      : [];
  const told = (view.problems ?? []).map(({ code, message, host }): Finding => {
    return { ...finding, about: host ?? view.farm, level: 'wrong', what: `${code}: ${message}`, mend: null };
  });
  return [...own, ...told];
}

function hostFindings(seen: Seen): Finding[] {
  const { bus } = seen;
  const view = bestView(seen);
  const isHeard = bus !== null && !isFailure(bus.server);
  const heard = (isHeard ? bus.heartbeats : []).map(({ heartbeat }) => heardFinding(heartbeat, view));
  const names = new Set(heard.map(({ about }) => about));
  const silent = (view?.hosts ?? []).filter(({ host }) => !names.has(host));
  return [
    ...heard,
    ...silent.map(({ host, heardMsAgo, liveness }): Finding => {
      const lately = heardMsAgo === null ? 'never heard by the master' : `heard ${age(heardMsAgo)} ago by the master`;
      const finding = { check: 'host', about: host, what: `${liveness}, ${lately}` } as const;
      if (!isHeard && liveness === 'up') return { ...finding, level: 'ok', mend: null };
      const mend = `./dolphin worker on that machine; or, if it is gone for good: dolphin-cli host remove ${host}`;
      return { ...finding, level: 'wrong', mend };
    }),
  ];
}

function heardFinding({ host, farmId, epoch, pod, readOnly, leaving }: Heartbeat, view: FarmView | null): Finding {
  const finding = { check: 'host', about: host, level: 'wrong', mend: null } as const;
  if (view?.farmId && view.farmId !== farmId) return { ...finding, what: `is of another farm, ${farmId}` };
  if (readOnly) return { ...finding, what: `takes no commands: ${readOnly.code}: ${readOnly.message}` };
  if (pod === null)
    return { ...finding, what: 'its pod does not answer its worker', mend: 'the log of its worker says why' };
  const ready = pod.edges.filter(({ state }) => state === 'ready').length;
  const what = `heard: epoch ${epoch}, pod ${pod.pid}, ${ready} of ${pod.edges.length} edges ready`;
  if (leaving) return { ...finding, level: 'advice', what: `${what}; it is leaving the farm` };
  return { ...finding, level: 'ok', what };
}

function clockFindings(bus: BusSeen | null): Finding[] {
  return (bus?.heartbeats ?? []).map(({ heartbeat, heardMs }): Finding => {
    const differenceMs = Math.abs(Date.parse(heartbeat.at) - heardMs);
    const finding = { check: 'clock', about: heartbeat.host } as const;
    const what = `${age(differenceMs)} from this machine's`;
    if (differenceMs <= CLOCK_ADVICE_MS) return { ...finding, level: 'ok', what, mend: null };
    const level = differenceMs > CLOCK_WRONG_MS ? 'wrong' : 'advice';
    return { ...finding, level, what, mend: 'timedatectl set-ntp true, on both' };
  });
}

/** What pods found at their start, of limits and kernel settings, and of their engines' versions. */
function settingFindings({ bus, localAdvice, ownHosts }: Seen): Finding[] {
  const told = (bus?.heartbeats ?? []).flatMap(({ heartbeat: { host, pod } }) => {
    // This machine's ports are looked at here, with the master's among them: one setting holds them all.
    const isOwn = (text: string) => ownHosts.has(host) && text.includes(RESERVED_PORTS);
    return [
      ...(pod?.advice ?? []).filter((text) => !isOwn(text)).map((text) => advised(host, text)),
      ...(pod?.warnings ?? []).map(
        (what): Finding => ({ check: 'setting', about: host, level: 'advice', what, mend: null }),
      ),
    ];
  });
  const local = (localAdvice ?? []).filter((text) => !text.includes(RESERVED_PORTS));
  return [...told, ...local.map((text) => advised('this machine', text))];
}

/** A pod says what, a colon, and the command. */
function advised(about: string, text: string): Finding {
  const end = text.lastIndexOf(': ');
  const [what, mend] = end === -1 ? [text, null] : [text.slice(0, end), text.slice(end + 2)];
  return { check: 'setting', about, level: 'advice', what, mend };
}

function portFindings(openPorts: Seen['openPorts']): Finding[] {
  const finding = { check: 'ports', about: 'this machine' } as const;
  if (openPorts === null) return [];
  const { open, reserve } = openPorts;
  if (open === '') {
    return [{ ...finding, level: 'ok', what: 'no outgoing connection can take a port of the farm', mend: null }];
  }
  const what = `${open} may be taken by outgoing connections`;
  return [{ ...finding, level: 'advice', what, mend: `sysctl -w ${RESERVED_PORTS}${reserve}` }];
}
