/** Whether a publisher is still there: a half-dead one would hold its stream's name for ever. */
export class PublishWatch {
  readonly #limits: { firstPacketMs: number; packetMs: number };
  #lastMs: number;
  #hadPacket = false;

  /** SRS's numbers: the first packet within 20 s, then one each 5 s. */
  constructor(limits: { firstPacketMs: number; packetMs: number }, nowMs: number) {
    this.#limits = limits;
    this.#lastMs = nowMs;
  }

  packet(nowMs: number): void {
    this.#hadPacket = true;
    this.#lastMs = nowMs;
  }

  isLate(nowMs: number): boolean {
    return nowMs - this.#lastMs > (this.#hadPacket ? this.#limits.packetMs : this.#limits.firstPacketMs);
  }
}
