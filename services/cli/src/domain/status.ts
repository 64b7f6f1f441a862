import type { EdgeView, FarmView } from '@dolphin/protocol';
import { edgeName, hasViewers } from '@dolphin/protocol/plain.js';
import type { EdgeAnswer, EdgeFigures } from './edge-answer.js';
import type { SeenFarm, SeenHost } from './seen-farm.js';
import type { SourceName } from './source-order.js';
import { levelOf, type Problem, problemsOf, type StatusLevel } from './status-level.js';

export const STATUS_SCHEMA = 'dolphin.status/1';

/** Where a figure comes from: the edge's own API (30 s rates), or the master (the pod's 2 s rates), or who stands in for it. */
type Source = 'edge' | 'master';

/** As the master shows it, but `clients` and `kbitPerS` are summed up here, and `serving` counts its stream edges that do. */
export type StatusHost = SeenHost & { readonly serving: number };

export interface StatusEdge {
  readonly host: string;
  readonly role: EdgeView['role'];
  readonly slot: number;
  /** `stream-0`; while one takes another's place, one of the two of a slot has a name of its own. */
  readonly name: string;
  readonly generation: number;
  readonly engine: string;
  readonly state: EdgeView['state'];
  /** It takes viewers now, as far as can be told. A back source: it answers. */
  readonly serving: boolean;
  readonly pid: number | null;
  readonly api: string;
  /** Milliseconds that its API took; null: no answer, for the reason in `problem`. */
  readonly answeredMs: number | null;
  readonly problem?: string;
  /** Its API cannot be asked from here: all its figures are its pod's, as the master has them. */
  readonly elsewhere?: boolean;
  /** What its engine cannot do of what it is for. */
  readonly shortcoming?: string;
  /** Why its host refused it last; only of one that is assigned. */
  readonly refusal?: EdgeView['refusal'];
  /** Viewers and publishers. Null on a back source: its clients are edges that pull or forward a publish: `edgeClients`. */
  readonly clients: number | null;
  readonly clientsSource: Source;
  readonly edgeClients?: number;
  /** Of its clients; null where that is not known. */
  readonly publishers: number | null;
  readonly kbitPerS: number;
  readonly kbitPerSSource: Source;
  readonly streams: number | null;
  readonly cpuPercent: number;
  readonly rssBytes: number;
  readonly restarts: number;
  readonly uptimeMs: number;
}

export interface StatusStream {
  readonly url: string;
  readonly clients: number;
  /** Of these, on the edges that tell; null when none does. */
  readonly publishers: number | null;
  /** Edges with viewers that have it. */
  readonly edges: number;
  readonly kbitPerS: number;
  readonly video: string | null;
  readonly audio: string | null;
}

export interface StatusSource {
  readonly type: SourceName;
  readonly address: string;
  readonly answeredMs: number;
  /** Those asked before it, and why they are not what is shown. */
  readonly tried: readonly { readonly type: SourceName; readonly why: string }[];
}

type FarmField = 'version' | 'sequence' | 'specVersion' | 'leader' | 'master' | 'connected' | 'settled';

export interface Status {
  readonly schema: typeof STATUS_SCHEMA;
  readonly at: string;
  readonly level: StatusLevel;
  /** `ageMs`: how old the oldest of what hosts told is; null: no host told anything. */
  readonly source: StatusSource & { readonly ageMs: number | null };
  /** Null where only a master knows, and none told. */
  readonly farm: Pick<FarmView, 'farm' | 'farmId'> & { readonly [K in FarmField]: FarmView[K] | null } & {
    readonly viewAt: string;
    /** The newest rolling change; absent: there was none, or nobody knows. */
    readonly update?: FarmView['update'];
  };
  /** Clients and kbit/s are those of stream and http edges: what viewers get, nothing counted twice. */
  readonly totals: {
    readonly hosts: number;
    readonly hostsUp: number;
    readonly desired: number;
    readonly serving: number;
    readonly clients: number;
    /** Of these, as far as edges tell. */
    readonly publishers: number;
    readonly kbitPerS: number;
    readonly streams: number;
  };
  readonly hosts: readonly StatusHost[];
  readonly edges: readonly StatusEdge[];
  readonly streams: readonly StatusStream[];
  readonly problems: readonly Problem[];
}

/** A host that is heard rarer than this is shown as it was, not as it is. */
const FRESH_MS = 3_000;

/** What the farm's control plane tells, and the edges' own answers (in the order of `view.edges`), summed up. */
export function sumUp(
  view: SeenFarm,
  answers: readonly EdgeAnswer[],
  asked: { readonly at: string } & StatusSource,
): Status {
  const fresh = new Set(
    view.connected !== false
      ? view.hosts.filter((h) => h.liveness === 'up' && isFresh(h.heardMsAgo)).map((h) => h.host)
      : [],
  );
  const lost = new Set(view.hosts.filter((host) => host.liveness === 'lost').map((host) => host.host));
  const edges = view.edges.map((edge, index) =>
    edgeStatus(edge, answers[index], { isFresh: fresh.has(edge.host), isLost: lost.has(edge.host) }),
  );
  const viewers = edges.filter((edge) => hasViewers(edge.role));
  const streams = sumStreams(view.edges, answers);
  const problems = problemsOf(view, edges);
  const ages = view.hosts.flatMap(({ liveness, heardMsAgo }) =>
    liveness === 'lost' || heardMsAgo === null ? [] : [heardMsAgo],
  );
  const sum = (of: (edge: StatusEdge) => number) => viewers.reduce((all, edge) => all + of(edge), 0);
  const { farm, farmId, version, sequence, specVersion, leader, master, connected, settled } = view;
  const totals = {
    hosts: view.hosts.length,
    hostsUp: view.hosts.filter(({ liveness }) => liveness === 'up').length,
    desired: view.hosts.reduce((all, { desired }) => all + desired, 0),
    serving: viewers.filter(isServingStream).length,
    clients: sum((edge) => edge.clients ?? 0),
    publishers: sum((edge) => edge.publishers ?? 0),
    kbitPerS: round(sum((edge) => edge.kbitPerS)),
    streams: streams.length,
  };
  return {
    schema: STATUS_SCHEMA,
    at: asked.at,
    level: levelOf({
      ...totals,
      spec: master === null ? 'not told' : view.spec,
      hasLog: connected === true && master?.problem === undefined,
      problems,
    }),
    source: {
      ...{ type: asked.type, address: asked.address, answeredMs: asked.answeredMs },
      ageMs: ages.length === 0 ? null : Math.max(...ages),
      tried: asked.tried,
    },
    farm: {
      ...{ farm, farmId, version, sequence, specVersion, leader, master, connected, settled, viewAt: view.at },
      ...(view.update && { update: view.update }),
    },
    totals,
    hosts: view.hosts.map((host) => hostStatus(host, viewers)),
    edges,
    streams,
    problems,
  };
}

function isServingStream({ role, serving }: StatusEdge): boolean {
  return role === 'stream' && serving;
}

function hostStatus(host: SeenHost, viewers: readonly StatusEdge[]): StatusHost {
  const own = viewers.filter((edge) => edge.host === host.host);
  return {
    ...host,
    serving: own.filter(isServingStream).length,
    clients: own.reduce((sum, edge) => sum + (edge.clients ?? 0), 0),
    kbitPerS: round(own.reduce((sum, edge) => sum + edge.kbitPerS, 0)),
  };
}

/** What the master knows of the edge's host: from now, or from before it was lost. */
interface Knowledge {
  readonly isFresh: boolean;
  readonly isLost: boolean;
}

function edgeStatus(edge: EdgeView, answer: EdgeAnswer | undefined, { isFresh, isLost }: Knowledge): StatusEdge {
  const own = answer?.answered ? answer.figures : null;
  // What a process that is gone had is history. One that is only silent may be busy: the master's figures stand.
  const isGone = answer?.answered === false && (isLost || answer.failure === 'unreachable');
  const shown = isGone ? { clients: 0, kbitPerS: 0 } : edge;
  const problem = problemOf(edge, answer, isFresh);
  const ownClients = own?.streams.reduce((sum, stream) => sum + stream.clients, 0);
  const ownKbitPerS = own?.streams.reduce((sum, stream) => sum + stream.sendKbitPerS, 0) ?? 0;
  // The pod's rates are over 2 s. SRS's own are over 30 s: 0 at first, and still there when the player has left.
  const kbitPerSSource: Source = isFresh || ownKbitPerS === 0 ? 'master' : 'edge';
  const isBackSource = edge.role === 'back-source';
  return {
    host: edge.host,
    role: edge.role,
    slot: edge.slot,
    name: edge.name ?? edgeName(edge),
    generation: edge.generation,
    engine: edge.engine,
    state: edge.state,
    serving: isServing(edge, answer, { isFresh, isLost }),
    ...(answer?.answered === false && answer.failure === 'elsewhere' && { elsewhere: true }),
    pid: own?.pid ?? edge.pid,
    api: edge.api,
    answeredMs: answer?.answered ? answer.ms : null,
    ...(problem !== undefined && { problem }),
    ...(edge.shortcoming !== undefined && { shortcoming: edge.shortcoming }),
    ...(edge.refusal && { refusal: edge.refusal }),
    clients: isBackSource ? null : (ownClients ?? shown.clients),
    clientsSource: ownClients === undefined ? 'master' : 'edge',
    ...(isBackSource && ownClients !== undefined && { edgeClients: ownClients }),
    publishers: isBackSource || own === null ? null : publishersOf(own),
    kbitPerS: round(kbitPerSSource === 'edge' ? ownKbitPerS : shown.kbitPerS),
    kbitPerSSource,
    streams: own ? own.streams.filter(isLive).length : null,
    cpuPercent: edge.cpuPercent,
    rssBytes: edge.rssBytes,
    restarts: edge.restarts,
    uptimeMs: own?.uptimeMs ?? edge.uptimeMs,
  };
}

/** Two processes on one port is what SRS's SO_REUSEPORT makes possible: the kernel spreads the clients over both. */
function problemOf(edge: EdgeView, answer: EdgeAnswer | undefined, isFresh: boolean): string | undefined {
  if (answer?.answered === false) return answer.failure === 'elsewhere' ? undefined : answer.why;
  const pid = answer?.figures.pid;
  const isOther = isFresh && edge.state === 'ready' && pid !== undefined && pid !== edge.pid;
  return isOther ? `its API is answered by pid ${pid}, but its pod runs pid ${edge.pid}` : undefined;
}

/**
 * A fresh view knows best what state an edge is in; of a stale one only the edge itself can tell. Silence is not death:
 * a full edge refuses its API and serves on.
 */
function isServing(edge: EdgeView, answer: EdgeAnswer | undefined, knowledge: Knowledge): boolean {
  const isFreshView = knowledge.isFresh;
  const isTaking = edge.state === 'ready' || (!isFreshView && (edge.state === 'assigned' || edge.state === 'starting'));
  if (answer?.answered) return isTaking || edge.state === 'unknown';
  // Nobody here can ask it: what its pod said last stands, until the host is given up.
  if (answer?.failure === 'elsewhere') return edge.state === 'ready' && !knowledge.isLost;
  return isFreshView && edge.state === 'ready' && answer?.failure !== 'unreachable';
}

/** By url over all edges with viewers: ids differ from process to process. A back source's clients are edges. */
export function sumStreams(edges: readonly EdgeView[], answers: readonly EdgeAnswer[]): StatusStream[] {
  const byUrl = new Map<string, StatusStream>();
  for (const [index, edge] of edges.entries()) {
    const answer = answers[index];
    if (!hasViewers(edge.role) || !answer?.answered) continue;
    for (const stream of answer.figures.streams.filter(isLive)) {
      const { url, clients, publishers, sendKbitPerS, video, audio } = stream;
      const before = byUrl.get(url) ?? { url, clients: 0, publishers: null, edges: 0, kbitPerS: 0, video, audio };
      byUrl.set(url, {
        url,
        clients: before.clients + clients,
        publishers: before.publishers === null ? publishers : before.publishers + (publishers ?? 0),
        edges: before.edges + 1,
        kbitPerS: round(before.kbitPerS + sendKbitPerS),
        video: before.video ?? video,
        audio: before.audio ?? audio,
      });
    }
  }
  return [...byUrl.values()].sort((a, b) => b.clients - a.clients || (a.url < b.url ? -1 : 1));
}

/** An edge tells of all its streams, or of none. */
function publishersOf({ streams }: EdgeFigures): number | null {
  if (streams.some(({ publishers }) => publishers === null)) return null;
  return streams.reduce((sum, { publishers }) => sum + (publishers ?? 0), 0);
}

function isLive(stream: { clients: number; active: boolean }): boolean {
  return stream.active || stream.clients > 0;
}

function isFresh(heardMsAgo: number | null): boolean {
  return heardMsAgo !== null && heardMsAgo <= FRESH_MS;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
