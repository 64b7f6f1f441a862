import { randomUUID } from 'node:crypto';
import { type Command, DolphinError } from '@dolphin/protocol';
import type { Clock, Complaints, Logger } from '@dolphin/runtime';
import { adopted, commandSent, type SentCommand, spawnAnswered } from '../domain/observation.js';
import { commandIdOf, generationOf, type PlannedCommand, sentKey } from '../domain/planned-command.js';
import { COMMAND_TIMEOUT_MS } from './bounds.js';
import type { FarmModel } from './farm-model.js';
import type { CommandBus } from './ports.js';

/**
 * Sends planned commands and tells the model what became of them. It does not try again: the reconciler plans what is
 * still missing. At most one is on its way per slot, because the reconciler waits for that one's answer.
 */
export class CommandSender {
  readonly #bus: CommandBus;
  readonly #model: FarmModel;
  readonly #complaints: Complaints;
  readonly #logger: Logger;
  readonly #clock: Clock;

  constructor(o: { bus: CommandBus; model: FarmModel; complaints: Complaints; logger: Logger; clock: Clock }) {
    this.#bus = o.bus;
    this.#model = o.model;
    this.#complaints = o.complaints;
    this.#logger = o.logger;
    this.#clock = o.clock;
  }

  /** Returns at once; the answer comes to the model. `onAnswer` is called after it. Never throws. */
  send(planned: PlannedCommand, onAnswer: () => void): void {
    const farmId = this.#model.state.farm?.farmId;
    if (!farmId) return;
    const command: Command = {
      id: commandIdOf(planned, randomUUID()),
      farmId,
      host: planned.host,
      epoch: planned.epoch,
      term: planned.term,
      sequence: planned.sequence,
      ...(planned.causationId !== null && { causationId: planned.causationId }),
      ...(planned.correlationId !== null && { correlationId: planned.correlationId }),
      body: planned.body,
    };
    this.#note(planned, 'waiting', null);
    void this.#exchange(command, planned).finally(onAnswer);
  }

  async #exchange(command: Command, planned: PlannedCommand): Promise<void> {
    const { host, body } = planned;
    const about = { host, command: body.type, slot: sentKey(body), term: command.term, sequence: command.sequence };
    try {
      const reply = await this.#bus.request(command, COMMAND_TIMEOUT_MS);
      if (reply.result === 'refused') {
        this.#note(planned, 'refused', reply.code);
        this.#noteSpawn(planned, { code: reply.code, message: reply.message });
        this.#complaints.about(`${host} refused a command: ${reply.code}`, { ...about, why: reply.message });
        return;
      }
      this.#note(planned, 'accepted', null);
      this.#noteSpawn(planned, null);
      this.#logger.info({ ...about, already: reply.already }, 'command accepted');
      if (body.type !== 'adopt') return;
      const answer = { term: command.term, epoch: command.epoch, state: reply.state ?? null };
      this.#model.observe((observed, now) => adopted(observed, host, answer, now));
    } catch (error) {
      this.#note(planned, 'unanswered', error instanceof DolphinError ? error.code : null);
      const why = error instanceof Error ? error.message : String(error);
      this.#complaints.about(`${host} does not answer commands`, { ...about, why });
    }
  }

  #noteSpawn({ host, body }: PlannedCommand, refused: { code: string; message: string } | null): void {
    if (body.type !== 'spawn') return;
    const refusal = refused && { generation: body.edge.generation, ...refused };
    this.#model.observe((observed) => spawnAnswered(observed, host, sentKey(body), refusal));
  }

  #note(planned: PlannedCommand, outcome: SentCommand['outcome'], code: string | null): void {
    const sent: SentCommand = {
      type: planned.body.type,
      term: planned.term,
      sequence: planned.sequence,
      generation: generationOf(planned.body),
      epoch: planned.epoch,
      at: this.#clock.monotonic(),
      outcome,
      code,
    };
    this.#model.observe((observed) => commandSent(observed, planned.host, sentKey(planned.body), sent));
  }
}
