import { z } from 'zod';

/** The largest credentials file, in bytes: a few lines. */
export const MAX_BUS_CREDENTIALS_BYTES = 4_096;

/** Who a program is on the bus: the content of a credentials file. */
export const BusCredentials = z.strictObject({
  user: z.string().min(1).max(255),
  password: z.string().min(1).max(255),
  /** The user may listen below this alone for answers. */
  inboxPrefix: z
    .string()
    .max(255)
    .regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/, 'an inbox prefix has letters, digits, _, - and dots between'),
});
export type BusCredentials = z.infer<typeof BusCredentials>;
