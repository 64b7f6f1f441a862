import { type FarmView, HostLiveness } from '@dolphin/protocol';
import { Gauge, prometheusContentType, Registry } from 'prom-client';

/** What Prometheus reads: names, units and labels are in docs/reference/metrics.md. */
export const METRICS_TYPE = prometheusContentType;

export interface MasterFigures {
  readonly view: FarmView;
  /** The last sequence of the log, as this master saw it a second ago at most; null: it cannot be known now. */
  readonly lastSequence: number | null;
  /** This master may decide now. */
  readonly holdsLease: boolean;
  /** Stream edges that no host takes. */
  readonly unplaced: number;
}

const MASTER_STATES = ['starting', 'follower', 'candidate', 'leader', 'read-only'] as const;

/**
 * The farm as one master knows it, in the text form of Prometheus. Made anew for each scrape from what GET /api/v1/farm shows:
 * there is nothing to keep in step. Edges are counted by state here; each one's own figures are its pod's to give.
 */
export function masterMetrics({ view, lastSequence, holdsLease, unplaced }: MasterFigures): Promise<string> {
  const page = new Registry();
  const registers = [page];
  const gauge = (name: string, help: string, value: number) => new Gauge({ name, help, registers }).set(value);
  const flag = (name: string, help: string, value: boolean) => gauge(name, help, value ? 1 : 0);
  const labelled = (name: string, help: string, labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers });

  const { farm, version, master } = view;
  const info = labelled('dolphin_master_info', 'Always 1.', ['farm', 'master', 'version']);
  info.set({ farm, master: master.id, version }, 1);
  const states = labelled('dolphin_master_state', '1 for the state that this master is in.', ['state']);
  for (const state of MASTER_STATES) states.set({ state }, state === master.state ? 1 : 0);
  flag('dolphin_master_lease_held', '1: this master may decide now.', holdsLease);
  flag('dolphin_master_connected', '1: this master is in touch with NATS.', view.connected);
  gauge('dolphin_log_applied_sequence', 'Of the log, as far as this master has folded it.', view.sequence);
  if (lastSequence !== null) {
    gauge('dolphin_log_last_sequence', 'Of the log, seen a second ago at most.', lastSequence);
    gauge('dolphin_log_lag_entries', 'Not folded yet.', Math.max(0, lastSequence - view.sequence));
  }
  gauge('dolphin_farm_term', 'Of the newest leader; 0: there was none.', view.leader?.term ?? 0);
  gauge('dolphin_farm_spec_version', 'Of the specification; 0: none was applied.', view.specVersion);
  flag('dolphin_farm_settled', '1: nothing is left to be done for the specification.', view.settled);
  gauge('dolphin_farm_edges_desired', 'Stream edges that are decided.', view.totals.desired);
  gauge('dolphin_farm_edges_ready', 'Stream edges that serve.', view.totals.ready);
  gauge('dolphin_farm_edges_unplaced', 'Stream edges that are asked for and that no host takes.', unplaced);
  gauge('dolphin_farm_clients', 'Clients of all stream edges.', view.totals.clients);
  gauge('dolphin_farm_sent_kbps', 'Sent to clients over the last two seconds.', view.totals.kbitPerS);
  const hosts = labelled('dolphin_farm_hosts', 'Hosts, by liveness.', ['liveness']);
  for (const liveness of HostLiveness.options) {
    hosts.set({ liveness }, view.hosts.filter((host) => host.liveness === liveness).length);
  }
  const edges = labelled('dolphin_farm_edges', 'Edges that are decided or reported, by role and state.', [
    'role',
    'state',
  ]);
  for (const { role, state } of view.edges) edges.inc({ role, state });

  const ofHosts = (name: string, help: string, value: (host: FarmView['hosts'][number]) => number | null) => {
    const metric = labelled(name, help, ['host']);
    for (const host of view.hosts) {
      const is = value(host);
      if (is !== null) metric.set({ host: host.host }, is);
    }
  };
  ofHosts('dolphin_host_up', '1: the host is up.', ({ liveness }) => (liveness === 'up' ? 1 : 0));
  ofHosts('dolphin_host_edges_desired', 'Stream edges that are decided for it.', ({ desired }) => desired);
  ofHosts('dolphin_host_edges_ready', 'Its stream edges that serve.', ({ ready }) => ready);
  ofHosts('dolphin_host_clients', 'Clients of its stream edges.', ({ clients }) => clients);
  ofHosts('dolphin_host_heard_seconds', 'Since its last heartbeat.', ({ heardMsAgo }) =>
    heardMsAgo === null ? null : heardMsAgo / 1000,
  );
  return page.metrics();
}
