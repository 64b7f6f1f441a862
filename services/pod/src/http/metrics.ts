import { EdgeState, edgeName, type PodState } from '@dolphin/protocol';
import { Counter, Gauge, prometheusContentType, Registry } from 'prom-client';

/** What Prometheus reads: names, units and labels are in docs/reference/metrics.md. */
export const METRICS_TYPE = prometheusContentType;

/** Two edges of a slot may live at once (a replacement), also of one generation: their names tell them apart. */
const EDGE_LABELS = ['edge', 'slot', 'generation', 'engine'] as const;
type EdgeStatus = PodState['edges'][number];

/**
 * The pod's state in the text form of Prometheus. Made anew for each scrape, from the same values that GET /v1/state
 * shows: there is nothing to keep in step, and an edge that is gone leaves no series behind.
 */
export function podMetrics(state: PodState): Promise<string> {
  const page = new Registry();
  const registers = [page];
  const gauge = (name: string, help: string, value: number) => new Gauge({ name, help, registers }).set(value);
  const count = (name: string, help: string, value: number) => new Counter({ name, help, registers }).inc(value);
  const ofEdges = (name: string, help: string, value: (edge: EdgeStatus) => number) => {
    const metric = new Gauge({ name, help, registers, labelNames: EDGE_LABELS });
    for (const edge of state.edges) metric.set(labelsOf(edge), value(edge));
  };
  const countOfEdges = (name: string, help: string, value: (edge: EdgeStatus) => number) => {
    const metric = new Counter({ name, help, registers, labelNames: EDGE_LABELS });
    for (const edge of state.edges) metric.inc(labelsOf(edge), value(edge));
  };

  new Gauge({ name: 'dolphin_pod_info', help: 'Always 1.', registers, labelNames: ['host', 'version'] }).set(
    { host: state.host, version: state.version },
    1,
  );
  gauge('dolphin_pod_uptime_seconds', 'Since the pod started.', state.uptimeMs / 1000);
  gauge('dolphin_pod_clients', 'Clients that are at an edge, or on the way to one.', state.clients);
  gauge('dolphin_pod_term', 'The highest term of a leader that this pod obeyed.', state.term);
  gauge('dolphin_pod_reading', 'Clients that are being read before they are routed.', state.reading);
  count('dolphin_pod_happenings_total', 'Facts that were told.', state.lastHappening);
  count('dolphin_pod_sessions_lost_total', 'Ended sessions that were not written down.', state.sessionsLost);
  const refused = new Counter({
    ...{ name: 'dolphin_pod_refused_total', help: 'Clients that were not served, by reason.', registers },
    labelNames: ['reason'],
  });
  for (const [reason, count] of Object.entries(state.refused)) refused.inc({ reason }, count);

  const states = new Gauge({
    ...{ name: 'dolphin_edge_state', help: '1 for the state that an edge is in.', registers },
    labelNames: [...EDGE_LABELS, 'state'],
  });
  for (const edge of state.edges)
    for (const name of EdgeState.options) states.set({ ...labelsOf(edge), state: name }, name === edge.state ? 1 : 0);
  ofEdges('dolphin_edge_clients', 'Clients that are at an edge, or on the way to it.', (edge) => edge.clients);
  countOfEdges('dolphin_edge_sent_bytes_total', 'Sent to clients by its present process.', (edge) => edge.sentBytes);
  ofEdges('dolphin_edge_sent_kbps', 'Sent to clients over the last two seconds.', (edge) => edge.kbitPerS);
  ofEdges('dolphin_edge_cpu_percent', 'Of one core, over the last two seconds.', (edge) => edge.cpuPercent);
  ofEdges('dolphin_edge_resident_memory_bytes', 'Of its present process.', (edge) => edge.rssBytes);
  ofEdges('dolphin_edge_uptime_seconds', 'Since its present process started.', (edge) => edge.uptimeMs / 1000);
  countOfEdges('dolphin_edge_restarts_total', 'Within its generation.', (edge) => edge.restarts);
  const dropped = (edge: EdgeStatus) => edge.logDroppedBytes ?? 0;
  countOfEdges('dolphin_edge_log_dropped_bytes_total', 'Printed, and in no log, since the pod started.', dropped);
  return page.metrics();
}

function labelsOf(edge: EdgeStatus) {
  const slot = edgeName(edge);
  return { edge: edge.name ?? slot, slot, generation: String(edge.generation), engine: edge.engine };
}
