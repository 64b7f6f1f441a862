import { LeaseValue, MAX_LEASE_BYTES, subjectsOf } from '@dolphin/protocol';
import type { Logger } from '@dolphin/runtime';
import { jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from 'nats';
import { apiCode, isWrongLast, unavailable, whyOf } from './jetstream-errors.js';
import { type GuardedWrite, Lease, type LeaseBackend } from './lease.js';
import { type LeaseTerms, leaseTerms, renewalTimeoutMs } from './lease-rules.js';

const KEY = 'leader';
const FIRST_TIMEOUT_MS = 5_000;

/** The farm's lease in its KV bucket, whose age limit is the ttl. Throws E_BUS_UNAVAILABLE when the bucket is not there. */
export async function openLease(
  bus: NatsConnection,
  farm: string,
  options: { holder: string; logger?: Logger },
): Promise<Lease> {
  return new Lease({ ...options, backend: await KvLeaseBackend.open(bus, farm) });
}

export class KvLeaseBackend implements LeaseBackend {
  readonly terms: LeaseTerms;
  readonly #kv: KV;

  private constructor(kv: KV, terms: LeaseTerms) {
    this.#kv = kv;
    this.terms = terms;
  }

  static async open(bus: NatsConnection, farm: string): Promise<KvLeaseBackend> {
    const { leaseBucket } = subjectsOf(farm);
    try {
      const first = await new Kvm(jetstream(bus, { timeout: FIRST_TIMEOUT_MS })).open(leaseBucket);
      const terms = leaseTerms((await first.status()).ttl);
      // Not a direct get: a replica that lags would show a lease that is over.
      const kvm = new Kvm(jetstream(bus, { timeout: renewalTimeoutMs(terms) }));
      return new KvLeaseBackend(await kvm.open(leaseBucket, { allow_direct: false }), terms);
    } catch (error) {
      throw unavailable(error);
    }
  }

  create(value: LeaseValue): Promise<GuardedWrite> {
    return guarded(() => this.#kv.create(KEY, JSON.stringify(value)));
  }

  update(value: LeaseValue, revision: number): Promise<GuardedWrite> {
    return guarded(() => this.#kv.update(KEY, JSON.stringify(value), revision));
  }

  async read(): Promise<{ value: LeaseValue; revision: number } | null> {
    const entry = await this.#kv.get(KEY);
    if (entry === null || entry.operation !== 'PUT') return null;
    return { value: readValue(entry.string()), revision: entry.revision };
  }

  async remove(revision: number): Promise<void> {
    try {
      await this.#kv.delete(KEY, { previousSeq: revision });
    } catch {
      // Then it ends by its age.
    }
  }
}

async function guarded(write: () => Promise<number>): Promise<GuardedWrite> {
  try {
    return { outcome: 'stored', revision: await write() };
  } catch (error) {
    return isWrongLast(apiCode(error)) ? { outcome: 'refused' } : { outcome: 'unknown', why: whyOf(error) };
  }
}

/** A value that is not ours to read is somebody else's. */
function readValue(text: string): LeaseValue {
  const unknown = { holder: '?', tenure: '' };
  if (text.length > MAX_LEASE_BYTES) return unknown;
  try {
    return LeaseValue.safeParse(JSON.parse(text)).data ?? unknown;
  } catch {
    return unknown;
  }
}
