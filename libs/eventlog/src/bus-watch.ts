import type { NatsConnection } from 'nats';

/** Whether a connection is up, and waits for it to change. */
export class BusWatch {
  #connected = true;
  #drops = 0;
  #closed = false;
  readonly #listeners = new Set<() => void>();
  readonly #statuses: ReturnType<NatsConnection['status']>;

  constructor(bus: NatsConnection) {
    this.#statuses = bus.status();
    void this.#watch();
    void bus.closed().then(() => {
      this.#closed = true;
      this.#set(false);
    });
  }

  get connected(): boolean {
    return this.#connected;
  }
  /** For good: by its owner. */
  get closed(): boolean {
    return this.#closed;
  }
  /** Counts disconnections: what was asked before one may never be answered. */
  get drops(): number {
    return this.#drops;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when it is up, closed for good, or `signal` aborts. */
  whenConnected(signal: AbortSignal): Promise<void> {
    if (this.#connected || this.#closed || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => {
        if (!this.#connected && !this.#closed && !signal.aborted) return;
        this.#listeners.delete(look);
        signal.removeEventListener('abort', look);
        resolve();
      };
      this.#listeners.add(look);
      signal.addEventListener('abort', look);
    });
  }

  async #watch(): Promise<void> {
    for await (const status of this.#statuses) {
      if (status.type === 'disconnect') this.#set(false);
      else if (status.type === 'reconnect') this.#set(true);
    }
  }

  #set(connected: boolean): void {
    if (!connected) this.#drops++;
    this.#connected = connected;
    for (const listener of [...this.#listeners]) listener();
  }
}
