import { z } from 'zod';
import { Decision } from './decisions.js';
import { Fact } from './facts.js';
import { text } from './fields.js';
import { Epoch, FarmId, HostId, Sequence, Term } from './ids.js';
import { OperatorEvent } from './operator-events.js';

/** The messages of the log: envelopes of entries, each written and read as a whole. */
const EnvelopeMeta = z.object({ v: z.literal(1), farmId: FarmId, at: z.iso.datetime() });

/** One message of `log.operator`: written by any master for an API call. */
export const OperatorEnvelope = EnvelopeMeta.extend({
  kind: z.literal('operator'),
  master: text,
  entries: z.array(OperatorEvent).min(1).max(64),
});
/** One message of `log.decisions`: `basis` is the last sequence that the leader had folded. */
export const DecisionEnvelope = EnvelopeMeta.extend({
  kind: z.literal('decisions'),
  master: text,
  term: Term,
  basis: Sequence,
  entries: z.array(Decision).min(1).max(1024),
});
/** One message of `log.host.<host>`: `upTo` is the number of the last happening that it covers. */
export const FactEnvelope = EnvelopeMeta.extend({
  kind: z.literal('facts'),
  host: HostId,
  epoch: Epoch,
  upTo: z.int().min(0),
  entries: z.array(Fact).min(1).max(1024),
});
export const LogEnvelope = z.discriminatedUnion('kind', [OperatorEnvelope, DecisionEnvelope, FactEnvelope]);
/** The same, for who reads them by the hundred thousand: it takes a tenth of a second to make. */
export const compiledLogEnvelope = () => z.compile(LogEnvelope);
export type OperatorEnvelope = z.infer<typeof OperatorEnvelope>;
export type DecisionEnvelope = z.infer<typeof DecisionEnvelope>;
export type FactEnvelope = z.infer<typeof FactEnvelope>;
export type LogEnvelope = z.infer<typeof LogEnvelope>;
export type LogEntry = OperatorEvent | Decision | Fact;

/** The largest message of the log, in bytes: NATS's default max_payload is 1 MiB. */
export const MAX_ENVELOPE_BYTES = 900 * 1024;
