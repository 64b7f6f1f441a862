import { DolphinError, Heartbeat, HostStats, hostOfSubject } from '@dolphin/protocol';
import type { Clock, Complaints } from '@dolphin/runtime';
import { heard, heardStats, listened, type Observed, onlyHosts, silenceForgotten } from '../domain/observation.js';
import { ASLEEP_MS, LISTEN_TICK_MS, MAX_STRANGERS, STRANGER_FORGOTTEN_MS } from './bounds.js';
import type { FarmModel } from './farm-model.js';

/** What comes in from the hosts: parsed, checked, and told to the model. Also counts their silence. */
export class Listener {
  readonly #model: FarmModel;
  readonly #complaints: Complaints;
  readonly #clock: Clock;

  constructor(model: FarmModel, complaints: Complaints, clock: Clock) {
    this.#model = model;
    this.#complaints = complaints;
    this.#clock = clock;
  }

  /** `json`: what was on the wire, or undefined if that was no JSON. Never throws. */
  heartbeat(subject: string, json: unknown): void {
    const parsed = Heartbeat.safeParse(json);
    if (!parsed.success) {
      this.#complain('a heartbeat cannot be read', subject, parsed.error.issues[0]?.message);
      return;
    }
    const { host, farmId, epoch } = parsed.data;
    const why = this.#whyForeign(subject, host, farmId) ?? this.#whyOver(host, epoch);
    if (why) this.#complain('a heartbeat is refused', subject, why);
    else this.#model.observe((observed, now) => heard(observed, parsed.data, now));
  }

  stats(subject: string, json: unknown): void {
    const parsed = HostStats.safeParse(json);
    if (!parsed.success) {
      this.#complain('stats cannot be read', subject, parsed.error.issues[0]?.message);
      return;
    }
    const why = this.#whyForeign(subject, parsed.data.host, parsed.data.farmId);
    if (why) this.#complain('stats are refused', subject, why);
    else this.#model.observe((observed) => heardStats(observed, parsed.data));
  }

  /** Counts silence until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    let last = this.#clock.monotonic();
    let wasConnected = false;
    while (!signal.aborted) {
      await this.#clock.sleep(LISTEN_TICK_MS, signal);
      const now = this.#clock.monotonic();
      const tickMs = now - last;
      last = now;
      const { connected, state } = this.#model;
      const wasListening = connected && wasConnected && tickMs < ASLEEP_MS;
      wasConnected = connected;
      if (!connected) continue;
      this.#model.observe((observed) => {
        if (!wasListening) return silenceForgotten(observed);
        const names = new Set([...Object.keys(state.hosts), ...Object.keys(observed.hosts)]);
        return withoutOldStrangers(listened(observed, names, tickMs), state.hosts);
      });
    }
  }

  #whyForeign(subject: string, host: string, farmId: string): string | null {
    const { state, observed } = this.#model;
    if (hostOfSubject(subject) !== host) return `it speaks for host ${host}`;
    if (!state.farm) return 'this master knows no farm yet';
    if (state.farm.farmId !== farmId) {
      return new DolphinError('E_FARM_MISMATCH', { ours: state.farm.farmId, theirs: farmId }).message;
    }
    const isKnown = Object.hasOwn(state.hosts, host) || Object.hasOwn(observed.hosts, host);
    if (isKnown) return null;
    const strangers = Object.keys(observed.hosts).filter((name) => !Object.hasOwn(state.hosts, name)).length;
    return strangers < MAX_STRANGERS ? null : `${strangers} hosts speak that the log does not know`;
  }

  #whyOver(host: string, epoch: number): string | null {
    const { hosts } = this.#model.state;
    const current = Object.hasOwn(hosts, host) ? (hosts[host]?.epoch ?? 0) : 0;
    return epoch < current ? `epoch ${epoch} of ${host} is over: epoch ${current} joined` : null;
  }

  #complain(kind: string, subject: string, why: string | undefined): void {
    this.#complaints.about(kind, { subject, why });
  }
}

function withoutOldStrangers(observed: Observed, known: Readonly<Record<string, unknown>>): Observed {
  return onlyHosts(observed, (name, host) => Object.hasOwn(known, name) || host.silentMs < STRANGER_FORGOTTEN_MS);
}
