import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** SRS's default for merging writes, kept by the built-in edge; the floor writes at the same pace. */
export const MW_LATENCY_MS = 350;

export interface SrsPlaces {
  rtmp: number;
  http?: number;
  api?: number;
  /** Clients that it is to take. */
  players: number;
  /** The port of loopback that it pulls from; null: publishers come to it. */
  origin: number | null;
  /** Each frame goes out by itself. */
  lowLatency: boolean;
}

/** Writes a conf that SRS 5 and the built-in server read alike, and says where. */
export function writeSrsConf(dir: string, name: string, at: SrsPlaces): string {
  const http = at.http === undefined ? '' : `http_server { enabled on; listen 127.0.0.1:${at.http}; }`;
  const api = at.api === undefined ? '' : `http_api { enabled on; listen 127.0.0.1:${at.api}; }`;
  const cluster = at.origin === null ? '' : `cluster { mode remote; origin 127.0.0.1:${at.origin}; }`;
  const media = at.lowLatency
    ? 'min_latency on; tcp_nodelay on; play { gop_cache on; mw_latency 0; time_jitter off; }'
    : `play { gop_cache on; mw_latency ${MW_LATENCY_MS}; }`;
  const file = join(dir, `${name}-${at.rtmp}.conf`);
  writeFileSync(
    file,
    `listen 127.0.0.1:${at.rtmp};
max_connections ${at.players + 100};
daemon off;
pid ${name}-${at.rtmp}.pid;
srs_log_tank file;
srs_log_file /dev/null;
${http}
${api}
vhost __defaultVhost__ {
    ${cluster}
    ${media}
    http_remux { enabled on; mount [vhost]/[app]/[stream].flv; }
}
`,
  );
  return file;
}
