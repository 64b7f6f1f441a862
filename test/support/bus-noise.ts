import { BUS_MESSAGES, type SubjectRow } from '@dolphin/protocol';
import { createInbox, type NatsConnection } from 'nats';

/** The largest message that the server takes is 1 MiB. */
const MAX_PAYLOAD_BYTES = 1_000_000;
const KEPT = 200;

/** What went over the bus, by subject: the newest messages of each, as they were. */
export class WireTap {
  readonly #messages = new Map<string, Uint8Array[]>();

  constructor(bus: NatsConnection, subject: string) {
    bus.subscribe(subject, {
      callback: (_, message) => {
        const kept = this.#messages.get(message.subject) ?? [];
        this.#messages.set(message.subject, [...kept, message.data].slice(-KEPT));
      },
    });
  }

  on(subject: string): readonly Uint8Array[] {
    return this.#messages.get(subject) ?? [];
  }
}

/** The same, in another order. */
export function shuffled<T>(values: readonly T[], random: () => number): T[] {
  return values
    .map((value) => ({ value, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}

/**
 * Bytes that are no message of this subject, so many: noise, good ones that were cut or had bytes changed, JSON of other
 * shapes, one nested too deep, one too large. `samples`: good ones.
 */
export function garbageFor(
  row: SubjectRow,
  samples: readonly Uint8Array[],
  o: { readonly count: number; readonly random: () => number },
): Uint8Array[] {
  const { random } = o;
  const below = (end: number) => Math.floor(random() * end);
  const makers: (() => Uint8Array)[] = [
    () => Uint8Array.from({ length: 1 + below(600) }, () => below(256)),
    () => Buffer.from(['null', '[]', '{}', '"x"', '-1', '{"__proto__":1}', '{"farm":{}}'][below(7)] ?? ''),
    () => (samples[below(samples.length)] ?? Buffer.from('{')).slice(0, 1 + below(40)),
    () => {
      const bytes = Uint8Array.from(samples[below(samples.length)] ?? Buffer.from('{"a":1}'));
      for (let times = 1 + below(4); times > 0; times--) bytes[below(bytes.length)] = below(256);
      return bytes;
    },
  ];
  const garbage: Uint8Array[] = [
    Buffer.from('['.repeat(50_000)),
    Buffer.alloc(Math.min(MAX_PAYLOAD_BYTES, row.limitBytes + 1), 'x'),
  ];
  while (garbage.length < o.count) {
    const made = makers[below(makers.length)]?.() ?? Buffer.from('');
    // A changed byte may leave a good message: another one than was meant, but none to be refused.
    if (!isMessage(row, made)) garbage.push(made);
  }
  return garbage;
}

/** Sends each as a request; gives the answers that came until `until` resolves, which sees them come. */
export async function answersTo(
  bus: NatsConnection,
  subject: string,
  requests: readonly Uint8Array[],
  until: (answers: readonly unknown[]) => Promise<unknown>,
): Promise<unknown[]> {
  const answers: unknown[] = [];
  const inbox = createInbox();
  const subscription = bus.subscribe(`${inbox}.*`, { callback: (_, message) => void answers.push(message.json()) });
  for (const [index, data] of requests.entries()) bus.publish(subject, data, { reply: `${inbox}.${index}` });
  await bus.flush();
  await until(answers);
  subscription.unsubscribe();
  return answers;
}

function isMessage({ message }: SubjectRow, data: Uint8Array): boolean {
  try {
    return BUS_MESSAGES[message].safeParse(JSON.parse(new TextDecoder().decode(data))).success;
  } catch {
    return false;
  }
}
