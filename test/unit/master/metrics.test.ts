import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unplacedIn } from '@dolphin/master/domain/capacity.js';
import { farmView } from '@dolphin/master/domain/farm-view.js';
import { masterMetrics } from '@dolphin/master/http/metrics.js';
import { AT } from './host-model.js';
import { World } from './world.js';

test('the metrics of a master are what it knows of hosts, edges, the log and itself', async () => {
  const world = new World(['h1', 'h2']);
  world.reconfigure('h2', { capacity: 1 });
  world.elect();
  world.apply({ perHost: 2 });
  for (let second = 0; second < 6; second++) world.second();
  world.host('h1').crowd('stream-1', 7);
  world.hear('h1');
  const master = { id: 'm', state: 'leader' as const };
  const view = farmView(world.state, world.observed, { farm: 'main', at: AT, now: world.now, connected: true, master });
  const lastSequence = view.sequence + 3;
  const figures = { view, lastSequence, holdsLease: true, unplaced: unplacedIn(world.state) };
  const lines = (await masterMetrics(figures)).split('\n');
  for (const line of [
    'dolphin_master_state{state="leader"} 1',
    'dolphin_master_state{state="follower"} 0',
    'dolphin_master_lease_held 1',
    `dolphin_log_last_sequence ${lastSequence}`,
    'dolphin_log_lag_entries 3',
    'dolphin_farm_term 1',
    'dolphin_farm_settled 0',
    'dolphin_farm_edges_ready 3',
    'dolphin_farm_edges_unplaced 1',
    'dolphin_farm_clients 7',
    'dolphin_farm_hosts{liveness="up"} 2',
    'dolphin_farm_hosts{liveness="lost"} 0',
    'dolphin_farm_edges{role="stream",state="ready"} 3',
    'dolphin_farm_edges{role="back-source",state="ready"} 2',
    'dolphin_host_clients{host="h1"} 7',
    'dolphin_host_edges_desired{host="h2"} 1',
  ]) {
    assert.ok(lines.includes(line), `${line}\n${lines.join('\n')}`);
  }
  const unknown = await masterMetrics({ ...figures, lastSequence: null });
  assert.doesNotMatch(unknown, /dolphin_log_l/, 'what is not known is not made up');
});
