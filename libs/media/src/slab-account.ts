/** Counts bytes held, here and in the account above: a stream's within the process's. */
export class ByteAccount {
  readonly limitBytes: number;
  readonly #parent: ByteAccount | null;
  #bytes = 0;

  constructor(limitBytes: number, parent: ByteAccount | null = null) {
    this.limitBytes = limitBytes;
    this.#parent = parent;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** True when this account or the one above holds more than it may. */
  get isOver(): boolean {
    return this.#bytes > this.limitBytes || (this.#parent?.isOver ?? false);
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    this.#parent?.add(bytes);
  }
}
