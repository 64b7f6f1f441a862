import { type EdgeKey, type EdgePorts, edgeName, hasViewers } from '@dolphin/protocol';
import { ConfError, ConfView, type Directive, directive, findDirective, modernizeConf } from '@dolphin/srs';
import { type ConfDialect, inDialect } from './render-conf-dialect.js';
import {
  BACK_SOURCE_PLAY,
  BACK_SOURCE_PUBLISH,
  FORBIDDEN_ROOT,
  FORBIDDEN_VHOST,
  MANAGED_ROOT,
  MANAGED_VHOST,
  VIEWERS_ONLY_VHOST,
} from './render-conf-rules.js';
import { hlsOf, httpRoleDir } from './render-http-role.js';

/**
 * max_connections counts API calls and the pull of the edge as well: so much is left for them above what the pod
 * admits, so that a full edge still answers its probe.
 */
export const RESERVED_CONNECTIONS = 64;
const DEFAULT_MAX_CONNECTIONS = 1000;

export interface EdgeToRender extends EdgeKey {
  ports: EdgePorts;
  /** What it listens on, all of it. */
  privateAddress: string;
  /** `host:port` each, for every vhost; null: each vhost's own, as the user wrote them (a pod alone). */
  origins: readonly string[] | null;
  /** What stands behind these addresses. A vhost is renamed (`cluster.vhost`) on the way to the origin only. */
  upstream: 'origin' | 'back-source';
  serverId: string;
  /** How many clients the pod admits to this edge. */
  clients: number;
  dialect: ConfDialect;
}

/**
 * The conf of one edge, from the user's (loaded, with its includes followed): what dolphin manages is replaced, what
 * has no place on an edge is dropped with a warning each, the rest is kept by role. Everything listens on the private address.
 * Throws ConfError for a user's conf that cannot be an edge's.
 */
export function renderEdgeConf(
  userConf: readonly Directive[],
  edge: EdgeToRender,
): { conf: Directive[]; warnings: string[] } {
  const warnings: string[] = [];
  const warn: Warn = (at, why) => warnings.push(`${at.file}:${at.line}: ${why}`);
  const user = modernizeConf(userConf);
  const conf = [...managedRoot(user, edge, warn)];
  for (const item of user) {
    if (item.name === 'include') throw new ConfError(item.file, item.line, 'this include was not followed');
    if (item.name === 'vhost' || MANAGED_ROOT.has(item.name)) continue;
    if (FORBIDDEN_ROOT.has(item.name)) dropForbidden(item, warn);
    else conf.push(item);
  }
  const vhosts = user.filter((item) => item.name === 'vhost');
  if (vhosts.length === 0) vhosts.push(directive('vhost', ['__defaultVhost__'], []));
  for (const vhost of vhosts) conf.push({ ...vhost, block: renderVhost(vhost, edge, warn) });
  return { conf: inDialect(conf, edge.dialect, warn), warnings };
}

/** How many clients the user's conf wants one edge to take: its max_connections, 1000 unless set. */
export function admittedClients(userConf: readonly Directive[]): number {
  return new ConfView(userConf).int('max_connections', DEFAULT_MAX_CONNECTIONS, { min: 1, max: 1_000_000 });
}

/** The origins of the first vhost that names some: where a pod alone pulls from. */
export function confOrigins(userConf: readonly Directive[]): readonly string[] {
  for (const vhost of new ConfView(modernizeConf(userConf)).blocks('vhost')) {
    const origins = vhost.block('cluster').strings('origin');
    if (origins.length > 0) return origins;
  }
  return [];
}

type Warn = (at: Directive, why: string) => void;

const on = (list: readonly Directive[] | undefined, name: string) => findDirective(list, name)?.args[0] === 'on';

function dropForbidden(item: Directive, warn: Warn): void {
  // Switched off it does nothing, wherever it stands: no warning for what is as it should be.
  if (!on(item.block, 'enabled')) return;
  const why = item.name === 'hls' ? 'is served by http edges alone' : 'has no place on an edge';
  warn(item, `${item.name} ${why}: dropped`);
}

function managedRoot(user: readonly Directive[], edge: EdgeToRender, warn: Warn): Directive[] {
  const at = (port: number) => `${edge.privateAddress}:${port}`;
  const api = findDirective(user, 'http_api')?.block;
  const server = findDirective(user, 'http_server')?.block;
  for (const item of [...(api ?? []), ...(server ?? [])]) {
    if ((item.name === 'auth' || item.name === 'https') && on(item.block, 'enabled')) {
      warn(item, `${item.name}: an edge listens on a private address, behind its pod: dropped`);
    }
  }
  const kept = (list: readonly Directive[] | undefined, names: readonly string[]) =>
    (list ?? []).filter((item) => names.includes(item.name));
  const { http } = edge.ports;
  const root = [
    directive('listen', [at(edge.ports.rtmp)]),
    directive('max_connections', [String(edge.clients + RESERVED_CONNECTIONS)]),
    directive('daemon', ['off']),
    directive('pid', [`${edgeName(edge)}.pid`]),
    directive('work_dir', ['.']),
    directive('srs_log_tank', ['console']),
    directive('server_id', [edge.serverId]),
    directive(
      'http_api',
      [],
      [
        directive('enabled', ['on']),
        directive('listen', [at(edge.ports.api)]),
        ...kept(api, ['crossdomain']),
        directive('raw_api', [], [directive('enabled', ['on']), directive('allow_reload', ['on'])]),
      ],
    ),
    http === undefined
      ? directive('http_server', [], [directive('enabled', ['off'])])
      : directive(
          'http_server',
          [],
          [
            directive('enabled', ['on']),
            directive('listen', [at(http)]),
            ...(edge.role === 'http' ? [httpRoleDir()] : kept(server, ['dir'])),
            ...kept(server, ['crossdomain']),
          ],
        ),
  ];
  root.push(...slowEnd(edge.dialect));
  return root;
}

/**
 * Of the built-in server: its viewers come by its pod, which is told at once that it takes no more, and lets who comes
 * meanwhile wait for two seconds: an http edge is to be back by then. Its hooks are told within the second that is left.
 */
function slowEnd(dialect: EdgeToRender['dialect']): Directive[] {
  if (dialect === 'builtin') {
    return [directive('grace_start_wait', ['0']), directive('grace_final_wait', ['1000'])];
  }
  return [
    directive('grace_start_wait', ['2300']),
    directive('grace_final_wait', ['3200']),
    directive('force_grace_quit', ['off']),
    directive('auto_reload_for_docker', ['off']),
    directive('query_latest_version', ['off']),
  ];
}

function renderVhost(vhost: Directive, edge: EdgeToRender, warn: Warn): Directive[] {
  const user = new ConfView(vhost.block ?? [], vhost);
  const isForViewers = hasViewers(edge.role);
  const out: Directive[] = [renderCluster(user, edge, warn)];
  for (const item of user.directives) {
    if (MANAGED_VHOST.has(item.name) || (edge.role === 'http' && item.name === 'hls')) continue;
    if (FORBIDDEN_VHOST.has(item.name)) dropForbidden(item, warn);
    else if (isForViewers || !VIEWERS_ONLY_VHOST.has(item.name)) out.push(item);
  }
  return [...out, ...mediaOf(edge, user, warn)];
}

function mediaOf({ role, dialect }: EdgeToRender, vhost: ConfView, warn: Warn): Directive[] {
  switch (role) {
    case 'stream':
      return [...playMedia(vhost, warn), remuxOf(vhost, dialect)];
    case 'http':
      // Also FLV: whoever asks for it on a connection that began with a playlist is not sent elsewhere any more.
      return [...playMedia(vhost, warn), remuxOf(vhost, dialect), hlsOf(vhost)];
    case 'back-source':
      return backSourceMedia(vhost, warn);
    default:
      return never(role);
  }
}

function renderCluster(vhost: ConfView, edge: EdgeToRender, warn: Warn): Directive {
  const cluster = vhost.block('cluster');
  const origins = edge.origins ?? cluster.strings('origin');
  if (origins.length === 0) {
    throw vhost.error('cluster', `vhost ${vhost.owner?.args[0] ?? ''} names no origin: cluster { origin HOST:PORT; }`);
  }
  const out = [directive('mode', ['remote']), directive('origin', origins)];
  for (const item of cluster.directives) {
    switch (item.name) {
      case 'mode':
        if (item.args[0] !== 'remote') warn(item, `mode ${item.args[0]} is an origin's: an edge pulls`);
        break;
      case 'origin':
        break;
      case 'vhost':
        if (edge.upstream === 'origin') out.push(item);
        break;
      case 'token_traverse':
      case 'debug_srs_upnode':
        out.push(item);
        break;
      // The back source has no HTTP, and the built-in server pulls by RTMP.
      case 'protocol':
        if (item.args[0] !== 'rtmp') warn(item, `protocol ${item.args[0]}: edges pull by RTMP: dropped`);
        break;
      default:
        warn(item, `cluster.${item.name} is an origin's: dropped`);
    }
  }
  return directive('cluster', [], out);
}

function playMedia(vhost: ConfView, warn: Warn): Directive[] {
  const out = vhost.directives.filter((item) => ['min_latency', 'play'].includes(item.name));
  const publish = vhost.find('publish');
  if (publish !== undefined) out.push({ ...publish, block: publishOf(publish.block, warn, () => true) });
  return out;
}

function remuxOf(vhost: ConfView, dialect: ConfDialect): Directive {
  const remux =
    vhost.find('http_remux') ??
    directive('http_remux', [], [directive('enabled', ['on']), directive('mount', ['[vhost]/[app]/[stream].flv'])]);
  return dialect === 'builtin' ? remux : { ...remux, block: keepBothTracks(remux.block ?? []) };
}

/**
 * SRS 5 guesses the tracks of an FLV player from the first messages that it finds for it, and drops the other track for
 * good. A player that waited for its stream, or came right at a key frame, got sound or picture only.
 */
function keepBothTracks(remux: readonly Directive[]): Directive[] {
  const isSet = findDirective(remux, 'drop_if_not_match') !== undefined;
  return isSet ? [...remux] : [...remux, directive('drop_if_not_match', ['off'])];
}

function backSourceMedia(vhost: ConfView, warn: Warn): Directive[] {
  const play = vhost.block('play').directives.filter((item) => BACK_SOURCE_PLAY.has(item.name));
  const publish = publishOf(vhost.find('publish')?.block, warn, (name) => BACK_SOURCE_PUBLISH.has(name));
  const out = [
    directive('min_latency', ['on']),
    directive('play', [], [directive('mw_latency', ['0']), directive('time_jitter', ['off']), ...play]),
  ];
  if (publish.length > 0) out.push(directive('publish', [], publish));
  return out;
}

function publishOf(block: readonly Directive[] | undefined, warn: Warn, keep: (name: string) => boolean): Directive[] {
  return (block ?? []).filter((item) => {
    if (item.name !== 'kickoff_for_idle') return keep(item.name);
    // It counts the players of its own process: those of the other edges would lose their publisher.
    if (item.args[0] === 'on') warn(item, 'kickoff_for_idle has no place on an edge: dropped');
    return false;
  });
}

function never(role: never): never {
  throw new TypeError(`no such role: ${JSON.stringify(role)}`);
}
