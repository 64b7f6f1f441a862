import { MAX_ANSWERS_PER_MESSAGE, type RelayAnswer } from '@dolphin/protocol';

/**
 * Answers to one relay process: all that are given in one turn go in one message, as the questions came in one. A burst
 * is a few messages, and not one for each client.
 */
export class RelayAnswers {
  readonly #say: (message: object) => void;
  #waiting: RelayAnswer[] = [];

  constructor(say: (message: object) => void) {
    this.#say = say;
  }

  add(answer: RelayAnswer): void {
    this.#waiting.push(answer);
    if (this.#waiting.length > 1) return;
    queueMicrotask(() => {
      const answers = this.#waiting;
      this.#waiting = [];
      for (let from = 0; from < answers.length; from += MAX_ANSWERS_PER_MESSAGE) {
        this.#say({ type: 'answers', clients: answers.slice(from, from + MAX_ANSWERS_PER_MESSAGE) });
      }
    });
  }
}
