import type { Clock } from '@dolphin/runtime';

/** A loop's pause that others can cut short. A wake-up that comes while the loop works counts for its next pause. */
export class Nap {
  #ends: AbortController | null = null;
  #woken = false;

  wake(): void {
    this.#woken = true;
    this.#ends?.abort();
  }

  async sleep(clock: Pick<Clock, 'sleep'>, ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#woken && !signal.aborted) {
      const ends = new AbortController();
      const end = () => ends.abort();
      this.#ends = ends;
      signal.addEventListener('abort', end, { once: true });
      await clock.sleep(ms, ends.signal);
      signal.removeEventListener('abort', end);
      this.#ends = null;
    }
    this.#woken = false;
  }
}
