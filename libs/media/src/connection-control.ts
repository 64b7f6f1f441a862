import { controlMessage, userControlMessage } from './commands.js';
import { ChunkStream, MessageType, type RtmpMessage, UserControl } from './rtmp-message.js';
import type { SessionOutput } from './session-output.js';

/** What both ends of a connection do about the protocol's own messages: acknowledge, answer pings. */
export class ConnectionControl {
  readonly #output: SessionOutput;
  #receivedBytes = 0;
  #acknowledgedBytes = 0;
  /** What the peer wants acknowledged; 0: it did not say, and gets no acknowledgements. */
  #windowBytes = 0;

  constructor(output: SessionOutput) {
    this.#output = output;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** To be called before the bytes are read. */
  received(bytes: number): void {
    this.#receivedBytes += bytes;
  }

  /** Acknowledges at half of the window, as SRS does: a peer that counts otherwise must not stall. */
  acknowledge(): void {
    if (this.#windowBytes === 0 || this.#receivedBytes - this.#acknowledgedBytes < this.#windowBytes / 2) return;
    this.#acknowledgedBytes = this.#receivedBytes;
    this.#output.message(controlMessage(MessageType.ack, this.#receivedBytes), ChunkStream.control);
  }

  /** `ack`: the peer's count of received bytes (uint32, wraps). Null: nothing that anybody need know of. */
  onMessage(m: RtmpMessage): { ack: number } | null {
    if (m.payload.length < 4) return null;
    if (m.typeId === MessageType.windowAckSize) this.#windowBytes = m.payload.readUInt32BE(0);
    if (m.typeId === MessageType.ack) return { ack: m.payload.readUInt32BE(0) };
    if (m.typeId === MessageType.userControl && m.payload.length >= 6) {
      if (m.payload.readUInt16BE(0) === UserControl.pingRequest) {
        const answer = userControlMessage(UserControl.pingResponse, m.payload.readUInt32BE(2));
        this.#output.message(answer, ChunkStream.control);
      }
    }
    return null;
  }
}

export function isControl(typeId: number): boolean {
  return typeId >= MessageType.setChunkSize && typeId <= MessageType.setPeerBandwidth;
}
