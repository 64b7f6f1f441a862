import { MEDIA_CHUNK_SIZE } from '@dolphin/media';
import { ConfView, type Directive, parseListen } from '@dolphin/srs/conf.js';
import { checkDirectives, type Warning } from './directives.js';
import { type ProcessSettings, readProcess } from './process-settings.js';
import { readVhost, type VhostSettings } from './vhost-settings.js';

/** What a server listens on; address '' stands for all of them. */
export interface ListenAt {
  readonly address: string;
  readonly port: number;
}

export interface EdgeSettings extends ProcessSettings {
  readonly rtmp: readonly ListenAt[];
  readonly http: ListenAt | null;
  readonly api: ListenAt | null;
  readonly httpCrossDomain: boolean;
  readonly apiCrossDomain: boolean;
  /** `raw?rpc=…`: whether it is there, and may reload. */
  readonly rawApi: { readonly enabled: boolean; readonly allowReload: boolean };
  readonly maxConnections: number;
  /** Announced at connect, before a client names its stream: so one for all. */
  readonly chunkSize: number;
  /** Moments in the names of files are UTC, not of this place. */
  readonly utcTime: boolean;
  readonly vhosts: ReadonlyMap<string, VhostSettings>;
}

/** SRS: SRS_CONF_DEFAULT_*. */
const DEFAULTS = {
  maxConnections: 1000,
  apiListen: '1985',
  httpListen: '8080',
} as const;
const MAX_CHUNK_SIZE = 65_536;

/**
 * What a conf says, in the form of SRS 5 (`cluster { }`, `play { }`) or of 2015 (`mode remote; origin …;` in the
 * vhost itself). Throws ConfError, with file and line, for what is wrong and for what restricts access and is not
 * there.
 */
export function readSettings(directives: readonly Directive[]): { settings: EdgeSettings; warnings: Warning[] } {
  const warnings = checkDirectives(directives);
  const root = new ConfView(directives);
  const vhosts = new Map<string, VhostSettings>();
  for (const view of root.blocks('vhost')) {
    const name = view.owner?.args[0];
    if (name === undefined) throw view.error('vhost', 'a vhost without a name');
    if (vhosts.has(name)) throw view.error('vhost', `vhost ${name} is there twice`);
    vhosts.set(name, readVhost(name, view));
  }
  if (vhosts.size === 0) warnings.push({ file: '', line: 0, why: 'no vhost: every client will be refused' });
  const http = root.block('http_server');
  const api = root.block('http_api');
  if (http.onOff('enabled', false) && api.onOff('enabled', false) && clash(http, api)) {
    throw api.error('listen', 'http_api and http_server on one port: give both the same address, or each its own port');
  }
  const settings: EdgeSettings = {
    rtmp: listensOf(root),
    http: http.onOff('enabled', false) ? listenOf(http, DEFAULTS.httpListen) : null,
    api: api.onOff('enabled', false) ? listenOf(api, DEFAULTS.apiListen) : null,
    httpCrossDomain: http.onOff('crossdomain', true),
    apiCrossDomain: api.onOff('crossdomain', true),
    rawApi: {
      enabled: api.block('raw_api').onOff('enabled', false),
      allowReload: api.block('raw_api').onOff('allow_reload', false),
    },
    maxConnections: root.int('max_connections', DEFAULTS.maxConnections, { min: 1, max: 1_000_000 }),
    chunkSize: readChunkSize(root, warnings),
    utcTime: root.onOff('utc_time', false),
    ...readProcess(root, warnings),
    vhosts,
  };
  return { settings, warnings };
}

/** One of them would take the port from the other. */
function clash(http: ConfView, api: ConfView): boolean {
  const [one, other] = [listenOf(http, DEFAULTS.httpListen), listenOf(api, DEFAULTS.apiListen)];
  return one.port === other.port && one.address !== other.address;
}

/** The API is answered on the port of HTTP-FLV. */
export function sharesPort({ http, api }: Pick<EdgeSettings, 'http' | 'api'>): boolean {
  return http !== null && api !== null && http.port === api.port;
}

/** That of the default vhost, or of the root. */
function readChunkSize(root: ConfView, warnings: Warning[]): number {
  const read = (view: ConfView, fallback: number) =>
    view.int('chunk_size', fallback, { min: 128, max: MAX_CHUNK_SIZE });
  const vhosts = root.blocks('vhost');
  const common = read(root, MEDIA_CHUNK_SIZE);
  const main = vhosts.find((vhost) => vhost.owner?.args[0] === '__defaultVhost__');
  const chosen = main === undefined ? common : read(main, common);
  for (const vhost of vhosts) {
    const { file = '', line = 0 } = vhost.find('chunk_size') ?? {};
    if (read(vhost, chosen) !== chosen) warnings.push({ file, line, why: `one chunk_size for all is used: ${chosen}` });
  }
  return chosen;
}

function listensOf(root: ConfView): ListenAt[] {
  const texts = root.strings('listen');
  if (texts.length === 0) throw root.error('listen', 'listen is missing: on which port are RTMP clients expected?');
  return texts.map((text) => toListen(root, text));
}

function listenOf(view: ConfView, fallback: string): ListenAt {
  return toListen(view, view.string('listen', fallback));
}

function toListen(view: ConfView, text: string): ListenAt {
  const at = parseListen(text);
  if (at === null) throw view.error('listen', `listen is [address:]port, not ${text}`);
  return at;
}
