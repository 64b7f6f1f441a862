/** Confs of peers, as an operator would write them for thousands of long connections. */

/** HAProxy's own limit of files is twice this and some. */
const HAPROXY_CLIENTS = 9000;
/** Below the 20,000 files that a process may have open on the machines that this is for. */
const NGINX_FILES = 20_000;
const NGINX_CONNECTIONS = 18_000;

export interface HaproxyPlaces {
  port: number;
  /** Ports of loopback that it connects to. */
  edges: readonly number[];
  threads: number;
}

/** It connects from addresses of its own, so as not to eat the ports of 127.0.0.1. */
export const haproxyConf = (at: HaproxyPlaces, splice: boolean) => `global
    maxconn ${HAPROXY_CLIENTS}
    nbthread ${at.threads}
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
    ${splice ? 'option splice-auto' : 'no option splice-auto'}
listen bench
    bind 127.0.0.1:${at.port} backlog 4096
    balance leastconn
${at.edges.map((edge, i) => `    server edge-${i} 127.0.0.1:${edge} source 127.0.0.${3 + i}`).join('\n')}
`;

/** nginx as a TCP proxy, or as an RTMP server: `body` is what makes it one. */
const nginx = (
  dir: string,
  port: number,
  module: string,
  body: string,
) => `load_module /usr/lib/nginx/modules/${module};
daemon off;
worker_processes 1;
worker_rlimit_nofile ${NGINX_FILES};
pid ${dir}/nginx-${port}.pid;
error_log /dev/null;
events { worker_connections ${NGINX_CONNECTIONS}; }
${body}
`;

export const nginxStreamConf = (dir: string, at: { port: number; edge: number }) =>
  nginx(
    dir,
    at.port,
    'ngx_stream_module.so',
    `stream {
    server {
        listen 127.0.0.1:${at.port} backlog=4096;
        proxy_bind 127.0.0.3;
        proxy_pass 127.0.0.1:${at.edge};
    }
}`,
  );

/** `origin`: where it pulls what players ask for; null: publishers come to it. */
export const nginxRtmpConf = (dir: string, at: { port: number; origin: number | null }) =>
  nginx(
    dir,
    at.port,
    'ngx_rtmp_module.so',
    `rtmp {
    server {
        listen 127.0.0.1:${at.port};
        chunk_size 60000;
        application live {
            live on;
            interleave off;
            wait_key on;
            ${at.origin === null ? '' : `pull rtmp://127.0.0.1:${at.origin}/live;`}
        }
    }
}`,
  );

export const nodeMediaServerConf = (dir: string, at: { rtmp: number; http: number }) =>
  JSON.stringify({
    bind: '127.0.0.1',
    rtmp: { port: at.rtmp },
    http: { port: at.http },
    auth: { play: false, publish: false, secret: 'bench' },
    notify: { url: '' },
    store: { path: `${dir}/nms-${at.rtmp}` },
    record: { auto: false, path: `${dir}/nms-${at.rtmp}` },
    webadmin: { enable: false },
  });
