import { GLOBAL_API_PORT, PortPlan, PUBLIC_HTTP_PORT, PUBLIC_RTMP_PORT } from '@dolphin/protocol';

/** What `up` was asked for; undefined: not said. */
export interface UpOptions {
  readonly dir: string;
  /** An IPv4 address of this machine, for hosts on others; absent: nobody else reaches the farm. */
  readonly listen: string | undefined;
  readonly edges: number | undefined;
  /** An http edge on each host with stream edges; undefined: as the farm has it. */
  readonly hls: boolean | undefined;
  readonly demo: boolean;
  readonly redis: boolean;
  readonly portBase: number | undefined;
  /** Single ports, above the base. */
  readonly ports: Readonly<Partial<FarmPorts>>;
}

/** The ports of what runs on this machine, besides the edges'. */
export interface FarmPorts {
  readonly rtmp: number;
  readonly http: number;
  readonly nats: number;
  readonly redis: number;
  readonly api: number;
  readonly origin: number;
  readonly originHttp: number;
  readonly originApi: number;
}

export interface Layout {
  /** Where clients, other hosts and operators reach it: NATS, the global API, the origin's RTMP and the public ports. */
  readonly address: string;
  readonly ports: FarmPorts;
  readonly edgePorts: PortPlan;
}

/** Where all the rest listens: Redis, the edges, the origin's HTTP ports. */
export const OWN_ADDRESS = '127.0.0.1';

export const DEFAULT_EDGES = 4;

/** How many ports `--port-base` takes, so that several farms stand side by side. */
export const PORT_BLOCK = 100;
/** In a block each kind of edge port has a run of 30. */
const RUN_IN_BLOCK = 30;
/** After these comes the http edge's; the last port of each run stays free, for what comes next. */
export const MAX_EDGES_IN_BLOCK = RUN_IN_BLOCK - 2;

const DEFAULT_PORTS: FarmPorts = {
  rtmp: PUBLIC_RTMP_PORT,
  http: PUBLIC_HTTP_PORT,
  nats: 14222,
  redis: 16379,
  api: GLOBAL_API_PORT,
  origin: 1935,
  originHttp: 18080,
  // Not SRS's 1985: that is the RTMP port of stream edge 49.
  originApi: 11985,
};

/** Defaults < block of `--port-base` < single ports. */
export function layoutOf(options: Pick<UpOptions, 'portBase' | 'ports' | 'listen'>): Layout {
  const { portBase: base, ports, listen: address = OWN_ADDRESS } = options;
  if (base === undefined) return { address, ports: { ...DEFAULT_PORTS, ...ports }, edgePorts: PortPlan.parse({}) };
  return {
    address,
    ports: {
      rtmp: base,
      http: base + 1,
      nats: base + 2,
      redis: base + 3,
      api: base + 4,
      origin: base + 5,
      originHttp: base + 6,
      originApi: base + 7,
      ...ports,
    },
    edgePorts: {
      backSourceRtmp: base + 8,
      backSourceApi: base + 9,
      streamRtmp: base + 10,
      streamHttp: base + 10 + RUN_IN_BLOCK,
      streamApi: base + 10 + 2 * RUN_IN_BLOCK,
      httpRtmp: base + 10 + MAX_EDGES_IN_BLOCK,
      httpHttp: base + 10 + RUN_IN_BLOCK + MAX_EDGES_IN_BLOCK,
      httpApi: base + 10 + 2 * RUN_IN_BLOCK + MAX_EDGES_IN_BLOCK,
    },
  };
}

/** Ports that two would use, or that are none; empty when the layout holds. */
export function layoutProblems(layout: Layout): string[] {
  const problems: string[] = [];
  const users = new Map<number, string>();
  const all = { ...layout.ports, ...layout.edgePorts };
  for (const [name, port] of Object.entries(all)) {
    const other = users.get(port);
    if (port < 1 || port > 65535) problems.push(`${name}: there is no port ${port}`);
    else if (other !== undefined) problems.push(`port ${port} is asked for twice: ${other} and ${name}`);
    users.set(port, name);
  }
  return problems;
}
