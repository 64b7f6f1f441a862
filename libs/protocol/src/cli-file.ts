import { z } from 'zod';
import { FarmName } from './ids.js';
import { MAX_TEXT_CHARS } from './limits.js';

/** Where `up` notes, in its directory, how a CLI on this machine finds the farm. */
export const CLI_FILE_NAME = 'cli.json';

/** `DIR/cli.json`, readable by its owner alone. */
export const CliFile = z.object({
  v: z.literal(1),
  farm: FarmName,
  /** The global APIs of its masters. */
  api: z.array(z.string().max(MAX_TEXT_CHARS)).min(1).max(16),
  /** NATS servers, with commas. */
  nats: z.string().max(MAX_TEXT_CHARS),
  /** Of this machine's worker and pod. */
  runDir: z.string().max(4096),
  /** Files: who a CLI is on NATS, and its token for the masters. Absent: of a farm that asks nobody. */
  credentials: z.string().max(4096).optional(),
  tokenFile: z.string().max(4096).optional(),
});
export type CliFile = z.infer<typeof CliFile>;
