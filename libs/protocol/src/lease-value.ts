import { z } from 'zod';
import { text } from './fields.js';

/** The value of the lease: who holds it, and for which of its tenures. */
export const LeaseValue = z.object({ holder: text, tenure: text });
export type LeaseValue = z.infer<typeof LeaseValue>;

/** Two names; what is longer was written by somebody else. */
export const MAX_LEASE_BYTES = 4 * 1024;
