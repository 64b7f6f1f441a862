import { z } from 'zod';

/** The largest file of tokens, in bytes: some hundred of them. */
export const MAX_API_TOKENS_BYTES = 64 * 1024;

/** Who may use the global API: what a master is given (`--tokens FILE`). */
export const ApiTokens = z.strictObject({
  tokens: z
    .array(
      z.strictObject({
        /** Whose it is, for who reads the file. */
        name: z.string().min(1).max(63),
        right: z.enum(['read', 'operate']),
        /** Of the token's characters. A token is random and long: nothing slower is needed against guessing. */
        sha256: z.string().regex(/^[0-9a-f]{64}$/, 'wants the SHA-256 of a token, 64 hexadecimal digits'),
      }),
    )
    .min(1),
});
export type ApiTokens = z.infer<typeof ApiTokens>;
