import { z } from 'zod';
import { shortText, text } from './fields.js';
import { FarmId, FarmName, Sequence } from './ids.js';
import { LogEnvelope } from './log-entries.js';

/**
 * `GET /api/v1/export`: a farm's log as lines of JSON: ExportHeader, an ExportedMessage for each message in order, ExportEnd. A file
 * without its end, or whose checksum is another, is no export.
 */
export const ExportHeader = z.object({
  type: z.literal('dolphin.export/1'),
  farm: FarmName,
  farmId: FarmId,
  /** Of the master that wrote it. */
  version: shortText,
  at: z.iso.datetime(),
  /** When the stream of the log was created, as NATS says it. */
  created: text,
  /** It holds the log up to here. */
  lastSequence: Sequence,
});
export type ExportHeader = z.infer<typeof ExportHeader>;

export const ExportedMessage = z.object({
  sequence: Sequence,
  /** The server's stored time. */
  at: z.iso.datetime(),
  subject: text,
  messageId: text,
  envelope: LogEnvelope,
});
export type ExportedMessage = z.infer<typeof ExportedMessage>;

/** `sha256`, in hexadecimal: of all bytes before this line. */
export const ExportEnd = z.object({
  end: z.literal(true),
  messages: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type ExportEnd = z.infer<typeof ExportEnd>;

export const EXPORT_TYPE = 'application/x-ndjson';
