import { DolphinError, type ErrorCode } from '@dolphin/protocol';
import { refusal } from './http-head.js';

/** A limit of rate passes in a second; one of clients when somebody leaves. */
const RETRY_AFTER_RATE_S = 1;
const RETRY_AFTER_CLIENTS_S = 5;

/** What an HTTP client is told that is refused for this reason: an answer with the code of the error table. */
export function refusalAnswer(reason: string): Buffer {
  switch (reason) {
    case 'denied':
      return answer('E_DENIED', {});
    case 'limit-clients':
      return answer('E_LIMITED', { what: 'clients of this server' }, RETRY_AFTER_CLIENTS_S);
    case 'limit-address':
      return answer('E_LIMITED', { what: 'clients of one address' }, RETRY_AFTER_CLIENTS_S);
    case 'limit-rate':
      return answer('E_LIMITED', { what: 'new clients in a second' }, RETRY_AFTER_RATE_S);
    case 'limit-address-rate':
      return answer('E_LIMITED', { what: 'new clients of one address in a second' }, RETRY_AFTER_RATE_S);
    case 'edges-full':
      return answer('E_LIMITED', { what: 'clients of its edges' }, RETRY_AFTER_CLIENTS_S);
    default:
      return refusal(503, 'E_UNREACHABLE', `no edge takes this client now: ${reason}`, 1);
  }
}

function answer(code: ErrorCode, details: Readonly<Record<string, string>>, retryAfterS?: number): Buffer {
  const error = new DolphinError(code, details);
  return refusal(error.http, code, error.message, retryAfterS);
}
