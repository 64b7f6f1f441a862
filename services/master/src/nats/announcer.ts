import { type FarmView, MAX_VIEW_BYTES, subjectsOf } from '@dolphin/protocol';
import type { Complaints } from '@dolphin/runtime';
import type { NatsConnection } from 'nats';
import type { Announcer } from '../app/ports.js';

/** The aggregate on `dolphin.<farm>.farm`. */
export class NatsAnnouncer implements Announcer {
  readonly #bus: NatsConnection;
  readonly #complaints: Complaints;
  readonly #subject: string;

  constructor(bus: NatsConnection, farm: string, complaints: Complaints) {
    this.#bus = bus;
    this.#complaints = complaints;
    this.#subject = subjectsOf(farm).farm;
  }

  announce(view: FarmView): void {
    try {
      const body = Buffer.from(JSON.stringify(view));
      if (body.length > MAX_VIEW_BYTES)
        this.#complaints.about('the farm is too large for one message', { bytes: body.length });
      else this.#bus.publish(this.#subject, body);
    } catch (error) {
      this.#complaints.about('the aggregate was not published', { err: error });
    }
  }
}
