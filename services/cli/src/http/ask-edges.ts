import type { EdgeView, HostView } from '@dolphin/protocol';
import type { Fits } from '@dolphin/protocol/plain.js';
import { ExchangeError, exchange } from '@dolphin/runtime/exchange.js';
import type { EdgeAnswer, EdgeFigures } from '../domain/edge-answer.js';
import { isClients, isRefusal, isStreams, isSummaries, isVhosts, type StreamAnswer } from '../domain/edge-shapes.js';
import { isWithinReach } from '../domain/reach.js';
import { ownNames } from '../machine/own-names.js';

/** An edge answers within milliseconds; a busy one may be late, and the table should not wait for it. */
const EDGE_TIMEOUT_MS = 1_000;
/** 100,000 streams at some 400 bytes each, the most that is asked for. */
const MAX_ANSWER_BYTES = 48 * 1024 * 1024;
/** SRS leaves it out of a stream's url, other vhosts stand before the first slash. */
const DEFAULT_VHOST = '__defaultVhost__';
/**
 * A publisher that an edge forwards shows only among its clients, and SRS lists them on the thread that serves media: of
 * an edge with more clients than this they are not asked for.
 */
const MAX_LISTED_CLIENTS = 500;
/** Sockets at a time: a farm may have thousands of edges. */
const PARALLEL = 64;

const DOWN: EdgeAnswer = { answered: false, failure: 'unreachable', why: 'it does not run' };

const ELSEWHERE: EdgeAnswer = { answered: false, failure: 'elsewhere', why: "its API is on its own host's loopback" };

interface Asked {
  readonly edges: readonly EdgeView[];
  readonly hosts: readonly Pick<HostView, 'host' | 'address'>[];
}

/** Asks each edge's private API about itself, in the order given. Never throws. */
export async function askEdges({ edges, hosts }: Asked): Promise<EdgeAnswer[]> {
  const own = ownNames();
  const hostOf = new Map(hosts.map((host) => [host.host, host]));
  const answers: EdgeAnswer[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < edges.length; index = next++) {
      const edge = edges[index];
      if (edge === undefined) return;
      // One that was never reported may run all the same: a master that lost its worker, or NATS, has no pid of it.
      const isDown = edge.pid === null && edge.state !== 'assigned';
      const host = hostOf.get(edge.host);
      if (isDown) answers[index] = DOWN;
      else if (host && !isWithinReach(edge, host, own)) answers[index] = ELSEWHERE;
      else answers[index] = await ask(edge.api, edge.role);
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, edges.length) }, worker));
  return answers;
}

async function ask(address: string, role: EdgeView['role']): Promise<EdgeAnswer> {
  const start = performance.now();
  try {
    const [summaries, streams] = await Promise.all([
      askSrs(address, '/api/v1/summaries', isSummaries),
      // With the slash: without it SRS answers 302. All at once: it has no pages, and its least is 10.
      askSrs(address, '/api/v1/streams/?count=100000', isStreams),
    ]);
    // SRS 2 has no url, and its streams name their vhost by an id.
    const hasUrls = streams.streams.every(({ url }) => url !== undefined);
    const vhosts = hasUrls ? [] : (await askSrs(address, '/api/v1/vhosts/?count=100000', isVhosts)).vhosts;
    const vhostNames = new Map(vhosts.map(({ id, name }) => [String(id), name]));
    const leftMs = EDGE_TIMEOUT_MS - (performance.now() - start);
    // A back source's clients are edges.
    const publishers = role === 'stream' ? await publishersByStream(address, streams.streams, leftMs) : null;
    const { pid, version, srs_uptime } = summaries.data.self;
    const figures: EdgeFigures = {
      pid,
      version,
      uptimeMs: Math.round(srs_uptime * 1_000),
      streams: streams.streams.map((stream) => ({
        ...figuresOf(stream, vhostNames.get(String(stream.vhost))),
        publishers: publishers && (publishers.get(String(stream.id)) ?? 0),
      })),
    };
    return { answered: true, ms: Math.round(performance.now() - start), figures };
  } catch (error) {
    const isGone = error instanceof ExchangeError && error.kind === 'refused';
    const why = error instanceof Error ? error.message : String(error);
    return { answered: false, failure: isGone ? 'unreachable' : 'silent', why };
  }
}

/** How many publish each stream, by its id; null when that cannot be told within `timeoutMs`. Never throws. */
async function publishersByStream(
  address: string,
  streams: readonly StreamAnswer[],
  timeoutMs: number,
): Promise<ReadonlyMap<string, number> | null> {
  const clients = streams.reduce((sum, stream) => sum + stream.clients, 0);
  const counts = new Map<string, number>();
  if (clients === 0) return counts;
  if (clients > MAX_LISTED_CLIENTS || timeoutMs <= 0) return null;
  try {
    const listed = await askSrs(address, '/api/v1/clients/?count=100000', isClients, timeoutMs);
    for (const { stream, publish } of listed.clients) {
      if (publish) counts.set(String(stream), (counts.get(String(stream)) ?? 0) + 1);
    }
    return counts;
  } catch {
    // It answered for itself, which is what counts: this column stays open.
    return null;
  }
}

/** Throws what the answer is not. HTTP says 200 also when SRS refuses: its own code tells. */
async function askSrs<T>(address: string, path: string, fits: Fits<T>, timeoutMs = EDGE_TIMEOUT_MS): Promise<T> {
  const { status, text } = await exchange(address + path, { timeoutMs, maxBytes: MAX_ANSWER_BYTES });
  if (status !== 200) throw new Error(`HTTP ${status}`);
  const json: unknown = JSON.parse(text);
  if (isRefusal(json)) throw new Error(`SRS says code ${json.code}`);
  if (!fits(json)) throw new Error('not an answer of SRS');
  return json;
}

function figuresOf(
  stream: StreamAnswer,
  vhost: string | undefined,
): Omit<EdgeFigures['streams'][number], 'publishers'> {
  const inVhost = stream.url !== undefined || vhost === undefined || vhost === DEFAULT_VHOST ? '' : vhost;
  return {
    // Streams are told apart over processes, whose ids are random. SRS 2 has no url.
    url: inVhost + (stream.url ?? `/${stream.app}/${stream.name}`),
    clients: stream.clients,
    sendKbitPerS: stream.kbps.send_30s,
    active: stream.publish.active,
    video: stream.video?.codec ?? null,
    audio: stream.audio?.codec ?? null,
  };
}
