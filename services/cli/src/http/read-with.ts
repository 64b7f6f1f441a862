import type { z } from 'zod';
import type { ReadAnswer } from './master-client.js';

/** Answers that are what a schema says. */
export function readWith<T>(schema: z.ZodType<T>): ReadAnswer<T> {
  return async (json) => {
    const parsed = schema.safeParse(json);
    if (parsed.success) return { value: parsed.data };
    const issue = parsed.error.issues[0];
    return `${issue?.path.map(String).join('.')}: ${issue?.message}`;
  };
}
