import type { PodLimits } from '@dolphin/protocol';
import { type AccessRules, isAllowed, parseAccessRules } from './access-rules.js';
import { addressKey } from './ip-prefix.js';
import { fullBucket, type TokenBucket, takeToken } from './token-bucket.js';

export type AdmissionRefusal = 'denied' | 'limit-clients' | 'limit-address' | 'limit-rate' | 'limit-address-rate';

/**
 * Addresses whose rate is remembered, those heard of last: some 1 MB. Whoever has more addresses than this meets the
 * rate of all clients together.
 */
export const MAX_ADDRESS_BUCKETS = 10_000;

export interface Present {
  /** Clients of this pod, those that wait included. */
  readonly clients: number;
  /** Those of the same address, or IPv6 /64. */
  readonly ofAddress: number;
}

/**
 * Whether a client may come in, by its address alone: nothing of it is read, and nothing is asked of anybody. One
 * address's limits come before those that all share, so that a burst from one does not use up what is there for all.
 */
export class Admission {
  #limits: PodLimits;
  #rules: AccessRules;
  #shared: TokenBucket | null = null;
  readonly #byAddress = new Map<string, TokenBucket>();

  constructor(limits: PodLimits) {
    this.#limits = limits;
    this.#rules = parseAccessRules(limits.access);
  }

  get limits(): PodLimits {
    return this.#limits;
  }

  /** From now on these hold; rates begin with a full burst. */
  change(limits: PodLimits): void {
    this.#limits = limits;
    this.#rules = parseAccessRules(limits.access);
    this.#shared = null;
    this.#byAddress.clear();
  }

  allows(address: string): boolean {
    return isAllowed(this.#rules, address);
  }

  /** Null: it may. `now` in monotonic ms. */
  refusal(address: string, now: number, present: Present): AdmissionRefusal | null {
    const { clients, clientsPerAddress, accepts, acceptsPerAddress } = this.#limits;
    if (!this.allows(address)) return 'denied';
    if (clientsPerAddress !== null && present.ofAddress >= clientsPerAddress) return 'limit-address';
    if (clients !== null && present.clients >= clients) return 'limit-clients';
    if (acceptsPerAddress !== null && !this.#takeOfAddress(address, now)) return 'limit-address-rate';
    if (accepts === null) return null;
    const { bucket, taken } = takeToken(this.#shared ?? fullBucket(accepts, now), accepts, now);
    this.#shared = bucket;
    return taken ? null : 'limit-rate';
  }

  #takeOfAddress(address: string, now: number): boolean {
    const rate = this.#limits.acceptsPerAddress;
    if (rate === null) return true;
    const key = addressKey(address);
    const { bucket, taken } = takeToken(this.#byAddress.get(key) ?? fullBucket(rate, now), rate, now);
    // Put at the end: the first key is the one not heard of for the longest time.
    this.#byAddress.delete(key);
    this.#byAddress.set(key, bucket);
    if (this.#byAddress.size > MAX_ADDRESS_BUCKETS) {
      const [oldest] = this.#byAddress.keys();
      if (oldest !== undefined) this.#byAddress.delete(oldest);
    }
    return taken;
  }
}
