import { DolphinError, DrainDeadlineMs } from '@dolphin/protocol';
import { z } from 'zod';
import type { LocalOrders } from '../app/local-orders.js';

export type EdgeOrders = Pick<LocalOrders, 'drain' | 'undrain' | 'replace' | 'start'>;

const PATH = /^\/v1\/edges\/((?:stream|back-source)-\d{1,3})\/(drain|undrain|replace|start)$/;
const DrainBody = z.strictObject({ deadlineMs: DrainDeadlineMs.optional() });

/** `POST /v1/edges/{name}/{order}`; null: another path. Rejects with DolphinError: E_BAD_REQUEST, and the orders' own. */
export async function answerEdgeOrder(
  path: string,
  body: () => Promise<string>,
  orders: EdgeOrders,
): Promise<{ status: number; body: unknown } | null> {
  const [, edge, order] = PATH.exec(path) ?? [];
  if (edge === undefined) return null;
  const text = await body();
  switch (order) {
    case 'drain':
      await orders.drain(edge, parseDrain(text).deadlineMs);
      break;
    case 'undrain':
      await orders.undrain(edge);
      break;
    case 'replace':
      orders.replace(edge);
      break;
    case 'start':
      orders.start(edge);
      break;
    default:
      return null;
  }
  return { status: 202, body: { edge } };
}

function parseDrain(text: string): z.infer<typeof DrainBody> {
  if (text === '') return {};
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new DolphinError('E_BAD_REQUEST', { why: 'not JSON' }, { cause });
  }
  const parsed = DrainBody.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new DolphinError('E_BAD_REQUEST', { why: `${issue?.path.join('.')}: ${issue?.message}` });
}
