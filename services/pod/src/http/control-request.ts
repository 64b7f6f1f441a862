import { DolphinError } from '@dolphin/protocol';
import type { z } from 'zod';

/** What is asked of the control API. */
export interface ControlRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Bounded. */
  body(): Promise<string>;
}

export interface Answer {
  readonly status: number;
  /** Sent as JSON; a Buffer as it is, it need not be UTF-8. */
  readonly body: unknown;
  /** The content type of a Buffer. */
  readonly type?: string;
}

export const ok = (body: unknown): Answer => ({ status: 200, body });
/** It is being done. */
export const accepted = (body: unknown): Answer => ({ status: 202, body });

export function bad(why: string): DolphinError {
  return new DolphinError('E_BAD_REQUEST', { why });
}

/** Throws E_BAD_REQUEST. */
export function wholeNumber<Fallback>(query: URLSearchParams, name: string, fallback: Fallback): number | Fallback {
  const text = query.get(name);
  if (text === null) return fallback;
  if (!/^\d{1,15}$/.test(text)) throw bad(`${name} is not a whole number`);
  return Number(text);
}

/** Throws E_BAD_REQUEST. */
export function flag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name) ?? 'false';
  if (text !== 'true' && text !== 'false') throw bad(`${name} is neither true nor false`);
  return text === 'true';
}

/** Throws E_BAD_REQUEST with the field. */
export function parseBody<T>(schema: z.ZodType<T>, text: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new DolphinError('E_BAD_REQUEST', { why: 'not JSON' }, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw bad(`${issue?.path.join('.') || 'the body'}: ${issue?.message}`);
}
