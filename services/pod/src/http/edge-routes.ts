import { DrainDeadlineMs } from '@dolphin/protocol';
import { z } from 'zod';
import type { LocalOrders } from '../app/local-orders.js';
import { type Answer, accepted, type ControlRequest, parseBody, wholeNumber } from './control-request.js';

export type EdgeOrders = Pick<LocalOrders, 'drain' | 'undrain' | 'replace' | 'start'>;

/** What the control API can do with one edge. */
export interface EdgesApi {
  readonly orders: EdgeOrders;
  /** The last lines of the log of this edge, or of the newest of this slot. Rejects with E_NOT_FOUND. */
  lastLog(name: string, limits: { lines: number; bytes: number }): Promise<Buffer>;
}

const DEFAULT_LOG_LINES = 200;
const DEFAULT_LOG_BYTES = 64 * 1024;

const ORDER = /^\/v1\/edges\/((?:stream|back-source|http)-\d{1,3})\/(drain|undrain|replace|start)$/;
const DrainBody = z.strictObject({ deadlineMs: DrainDeadlineMs.optional() });

/** Null: it is about something else. Throws DolphinError: E_BAD_REQUEST, E_NOT_FOUND, and the orders' own. */
export async function answerAboutEdges(request: ControlRequest, api: EdgesApi): Promise<Answer | null> {
  const { method, path, query } = request;
  const logged = method === 'GET' ? /^\/v1\/edges\/([^/]+)\/logs$/.exec(path)?.[1] : undefined;
  if (logged !== undefined) {
    const lines = wholeNumber(query, 'lines', DEFAULT_LOG_LINES);
    const bytes = wholeNumber(query, 'bytes', DEFAULT_LOG_BYTES);
    return { status: 200, body: await api.lastLog(logged, { lines, bytes }), type: 'text/plain' };
  }
  const [, edge, order] = method === 'POST' ? (ORDER.exec(path) ?? []) : [];
  return edge === undefined || order === undefined ? null : carryOut(edge, order, request, api.orders);
}

async function carryOut(
  edge: string,
  order: string,
  request: ControlRequest,
  orders: EdgeOrders,
): Promise<Answer | null> {
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
