/** `/api/v1/`: what there is. SRS lists `requests`, `perf` and `tcmalloc`, too, and answers them with this index. */
export const INDEX_V1 = {
  urls: {
    versions: 'the version of the server',
    summaries: 'the summary (pid, argv, cwd, cpu, mem) of the server',
    rusages: 'the rusage of the server',
    self_proc_stats: 'the self process stats',
    system_proc_stats: 'the system process stats',
    meminfos: 'the meminfo of the system',
    authors: 'the license, copyright, authors and contributors',
    features: 'the supported features of the server',
    requests: 'the request itself, for http debug',
    vhosts: 'manage all vhosts or specified vhost',
    streams: 'manage all streams or specified stream',
    clients: 'manage all clients or specified client, default query top 10 clients',
    raw: 'raw api: rpc=raw, reload, reload-fetch',
    clusters: 'the origin that has a stream: of a server alone there is none',
    perf: 'not there: this index is the answer',
    tcmalloc: 'not there: this index is the answer',
  },
  tests: {
    requests: 'show the request info',
    errors: 'always return an error 100',
    redirects: 'always redirect to /api/v1/tests/errors',
    '[vhost]': 'http vhost for http://error.srs.com:1985/api/v1/tests/errors',
  },
};

/** `/`: SRS lists its WebRTC calls there, which are not here. */
export const INDEX_ROOT = { urls: { api: 'the api root' } };
export const INDEX_API = { urls: { v1: 'the api version 1.0' } };

export const AUTHORS = { license: 'MIT', contributors: 'The dolphin authors' };

/** SRS's list of what it was built with. */
export const FEATURES = {
  ssl: false,
  hls: true,
  hds: false,
  callback: true,
  api: true,
  httpd: true,
  dvr: true,
  transcode: false,
  ingest: false,
  stat: true,
  caster: false,
  complex_send: true,
  tcp_nodelay: true,
  so_sendbuf: false,
  mr: true,
};
