import { DrainDeadlineMs } from '@dolphin/protocol';
import { z } from 'zod';
import type { LocalOrders } from '../app/local-orders.js';
import { type Answer, accepted, type ControlRequest, parseBody } from './control-request.js';

export type EdgeOrders = Pick<LocalOrders, 'drain' | 'undrain' | 'replace' | 'start'>;

const PATH = /^\/v1\/edges\/((?:stream|back-source)-\d{1,3})\/(drain|undrain|replace|start)$/;
const DrainBody = z.strictObject({ deadlineMs: DrainDeadlineMs.optional() });

/** `POST /v1/edges/{name}/{order}`; null: it is about something else. Throws DolphinError: E_BAD_REQUEST, and the orders' own. */
export async function answerEdgeOrder(request: ControlRequest, orders: EdgeOrders): Promise<Answer | null> {
  const [, edge, order] = request.method === 'POST' ? (PATH.exec(request.path) ?? []) : [];
  if (edge === undefined) return null;
  const text = await request.body();
  switch (order) {
    case 'drain':
      await orders.drain(edge, text === '' ? undefined : parseBody(DrainBody, text).deadlineMs);
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
  return accepted({ edge });
}
