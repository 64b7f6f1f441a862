import { DEFAULT_FARM, FarmName, GLOBAL_API_PORT } from '@dolphin/protocol';
import { z } from 'zod';

/** conf/master.yaml, DOLPHIN_* and flags; each field is documented in the file. */
export const MasterConfig = z.strictObject({
  farm: FarmName.default(DEFAULT_FARM),
  nats: z.string().min(1).default('nats://127.0.0.1:14222'),
  /** Who this is on NATS: a file. */
  credentials: z.string().min(1).optional(),
  /** Empty: none. */
  redis: z.string().default('redis://127.0.0.1:16379'),
  listen: z.string().default(`127.0.0.1:${GLOBAL_API_PORT}`),
  /** Who may use the API: a file. Without one it listens on loopback only. */
  tokens: z.string().min(1).optional(),
  stateDir: z.string().min(1).default('.dolphin/master'),
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'a master id has letters, digits, dots, dashes')
    .optional(),
  replicas: z.union([z.literal(1), z.literal(3), z.literal(5)]).default(1),
});
export type MasterConfig = z.infer<typeof MasterConfig>;

export const USAGE = `usage: dolphin-master [--config FILE] [--farm main] [--nats nats://127.0.0.1:14222]
         [--credentials FILE] [--redis redis://127.0.0.1:16379] [--listen 127.0.0.1:${GLOBAL_API_PORT}] [--tokens FILE]
         [--state-dir DIR] [--id NAME]

Leads the farm: folds its log, decides, commands the workers, answers the global API.
--redis '' runs without a view in Redis. See conf/master.yaml.
`;
