import type { z } from 'zod';
import type { ReadAnswer } from './master-client.js';

/** Answers that are what a schema says. */
export function readWith<T>(schema: z.ZodType<T>): ReadAnswer<T> {
  return async (json) => {
    const parsed = schema.safeParse(json);
    return parsed.success ? { value: parsed.data } : firstIssue(parsed.error);
  };
}

/** In one line: the others mostly follow from it. */
export function firstIssue({ issues: [issue] }: z.ZodError): string {
  return `${issue?.path.map(String).join('.')}: ${issue?.message}`;
}
