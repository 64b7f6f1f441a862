import type { HookName } from './access-settings.js';
import { type StreamKey, streamUrlOf } from './stream-key.js';
import type { Visitor } from './visit.js';

/** This server, as its API names it. */
export interface ServerIdentity {
  readonly serverId: string;
  /** Random per life of the process. */
  readonly serviceId: string;
}

export interface HookSubject {
  readonly server: ServerIdentity;
  readonly visitor: Visitor;
  /** Of on_close without a stream: the vhost and app that the client connected to. */
  readonly key: StreamKey;
  /** Without the question mark. */
  readonly query: string;
  readonly streamId: string;
  /** Of the whole connection; for on_close. */
  readonly sentBytes?: number;
  readonly receivedBytes?: number;
}

/** The JSON text that a hook is sent: SRS 5's fields in SRS 5's order (srs_app_http_hooks.cpp). */
export function hookMessage(action: HookName, subject: HookSubject): string {
  const { server, visitor, key, query, streamId, sentBytes = 0, receivedBytes = 0 } = subject;
  const head = {
    server_id: server.serverId,
    service_id: server.serviceId,
    action,
    client_id: visitor.id,
    ip: visitor.address,
    vhost: key.vhost,
    app: key.app,
  };
  const { tcUrl, pageUrl } = visitor;
  const { stream } = key;
  const param = query === '' ? '' : `?${query}`;
  const tail = { stream_url: streamUrlOf(key), stream_id: streamId };
  switch (action) {
    case 'on_connect':
      return JSON.stringify({ ...head, stream, param, tcUrl, pageUrl });
    case 'on_close':
      return JSON.stringify({ ...head, send_bytes: sentBytes, recv_bytes: receivedBytes });
    case 'on_play':
      return JSON.stringify({ ...head, stream, tcUrl, param, pageUrl, ...tail });
    case 'on_publish':
    case 'on_unpublish':
    case 'on_stop':
      return JSON.stringify({ ...head, tcUrl, stream, param, ...tail });
    default:
      return action satisfies never;
  }
}

/** What a hook's server answered; `failed`: it did not. */
export type HookAnswer = { readonly status: number; readonly body: string } | { readonly failed: string };

/**
 * Why that answer is no consent, or null. As SRS: HTTP 200 or 201, and the body is `0` or an object whose `code` is the
 * number 0; anything else, an empty body as well, refuses.
 */
export function hookRefusal(answer: HookAnswer): string | null {
  if ('failed' in answer) return answer.failed;
  const { status, body } = answer;
  if (status !== 200 && status !== 201) return `it answered HTTP ${status}`;
  if (body === '0') return null;
  const code = codeOf(body);
  return code === 0 ? null : `it answered ${code === null ? 'no code' : `code ${code}`}`;
}

function codeOf(body: string): number | null {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value !== 'object' || value === null || !('code' in value)) return null;
    return typeof value.code === 'number' ? value.code : null;
  } catch {
    return null;
  }
}
