import { z } from 'zod';

/**
 * The answers of SRS's HTTP API (`/api/v1/*`, srs_app_http_api.cpp and srs_app_statistic.cpp), as 5.0 and as 2.0 give
 * them. Ids are strings in 5 and numbers in 2; here they are strings. Fields that only 5 has are optional; fields
 * that neither is known to have are dropped.
 */
const Id = z.union([z.string(), z.number()]).transform(String);
const count = z.number();

/** What each answer carries. HTTP says 200 also on errors: `code` is 0 when the call went well. */
const answer = {
  code: z.int(),
  server: Id.optional(),
  /** Random per life of the process; with `pid` it tells a restart. Not in SRS 2. */
  service: z.string().optional(),
  pid: Id.optional(),
};

export const SrsAnswer = z.object(answer);
export type SrsAnswer = z.infer<typeof SrsAnswer>;

export const SrsVersions = z.object({
  ...answer,
  data: z.object({ major: z.int(), minor: z.int(), revision: z.int(), version: z.string() }),
});
export type SrsVersions = z.infer<typeof SrsVersions>;

/** `mem_kbyte` is the peak; `cpu_percent` is 0..1; `srs_uptime` is in seconds. */
const SrsSelf = z.object({
  version: z.string(),
  pid: z.int(),
  ppid: z.int(),
  argv: z.string(),
  cwd: z.string(),
  mem_kbyte: count,
  mem_percent: z.number(),
  cpu_percent: z.number(),
  srs_uptime: z.number(),
});

/** Of the whole host, but for srs_* and conn_srs: never to be summed over processes. The spelling ilde_time is SRS's. */
const SrsSystem = z.object({
  cpu_percent: z.number(),
  disk_read_KBps: count,
  disk_write_KBps: count,
  disk_busy_percent: z.number(),
  mem_ram_kbyte: count,
  mem_ram_percent: z.number(),
  mem_swap_kbyte: count,
  mem_swap_percent: z.number(),
  cpus: z.int(),
  cpus_online: z.int(),
  uptime: z.number(),
  ilde_time: z.number(),
  load_1m: z.number(),
  load_5m: z.number(),
  load_15m: z.number(),
  net_sample_time: count,
  net_recv_bytes: count,
  net_send_bytes: count,
  net_recvi_bytes: count,
  net_sendi_bytes: count,
  srs_sample_time: count,
  srs_recv_bytes: count,
  srs_send_bytes: count,
  conn_sys: count,
  conn_sys_et: count,
  conn_sys_tw: count,
  conn_sys_udp: count,
  conn_srs: count,
});

export const SrsSummaries = z.object({
  ...answer,
  data: z.object({ ok: z.boolean(), now_ms: count, self: SrsSelf, system: SrsSystem }),
});
export type SrsSummaries = z.infer<typeof SrsSummaries>;

/** Rates over the last 30 s, in kbit/s; 0 for the first 30 s. */
const Kbps = z.object({ recv_30s: z.number(), send_30s: z.number() });

export const SrsVhost = z.object({
  id: Id,
  name: z.string(),
  enabled: z.boolean(),
  clients: count,
  streams: count,
  send_bytes: count,
  recv_bytes: count,
  kbps: Kbps,
  hls: z.object({ enabled: z.boolean(), fragment: z.number().optional() }),
});
export type SrsVhost = z.infer<typeof SrsVhost>;
export const SrsVhosts = z.object({ ...answer, vhosts: z.array(SrsVhost) });
export type SrsVhosts = z.infer<typeof SrsVhosts>;

/**
 * `live_ms` is the server's clock, not an age. On an edge `publish.active` means that it pulls, and `publish.cid` is
 * its first player.
 */
export const SrsStream = z.object({
  id: Id,
  name: z.string(),
  vhost: Id,
  app: z.string(),
  tcUrl: z.string().optional(),
  url: z.string().optional(),
  live_ms: count,
  clients: count,
  frames: count,
  send_bytes: count,
  recv_bytes: count,
  kbps: Kbps,
  publish: z.object({ active: z.boolean(), cid: Id.optional() }),
  video: z
    .object({
      codec: z.string(),
      profile: z.string(),
      level: z.string(),
      width: z.int().optional(),
      height: z.int().optional(),
    })
    .nullable(),
  audio: z.object({ codec: z.string(), sample_rate: z.int(), channel: z.int(), profile: z.string() }).nullable(),
});
export type SrsStream = z.infer<typeof SrsStream>;
export const SrsStreams = z.object({ ...answer, streams: z.array(SrsStream) });
export type SrsStreams = z.infer<typeof SrsStreams>;

/** `alive` is in seconds in 5, in milliseconds in 2. SRS 2 lists no HTTP-FLV players. */
export const SrsClient = z.object({
  id: Id,
  vhost: Id,
  stream: Id,
  ip: z.string(),
  pageUrl: z.string(),
  swfUrl: z.string(),
  tcUrl: z.string(),
  url: z.string(),
  name: z.string().optional(),
  /** rtmp-play, flv-play, fmle-publish, flash-publish, …; in 2: Play, … */
  type: z.string(),
  publish: z.boolean(),
  alive: z.number(),
  send_bytes: count.optional(),
  recv_bytes: count.optional(),
  kbps: Kbps.optional(),
});
export type SrsClient = z.infer<typeof SrsClient>;
export const SrsClients = z.object({ ...answer, clients: z.array(SrsClient) });
export type SrsClients = z.infer<typeof SrsClients>;

export const SrsSelfProcStats = z.object({
  ...answer,
  data: z.looseObject({ ok: z.boolean(), sample_time: count, percent: z.number(), pid: z.int(), ppid: z.int() }),
});
export type SrsSelfProcStats = z.infer<typeof SrsSelfProcStats>;

/** `/api/v1/`: what there is, with a sentence each. */
export const SrsIndex = z.object({
  ...answer,
  urls: z.record(z.string(), z.unknown()),
  tests: z.record(z.string(), z.string()).optional(),
});
export type SrsIndex = z.infer<typeof SrsIndex>;

/** `raw?rpc=reload-fetch`: how the last reload went. `state` 90 is good; `rid` changes with each reload. */
export const SrsReloadState = z.object({
  code: z.int(),
  data: z.object({ err: z.int(), msg: z.string(), state: z.int(), rid: z.string() }),
});
export type SrsReloadState = z.infer<typeof SrsReloadState>;

/** `/app/stream`: what streams are told apart by over processes, whose ids are random. SRS 2 has no `url`. */
export function streamUrl(stream: SrsStream): string {
  return stream.url ?? `/${stream.app}/${stream.name}`;
}
