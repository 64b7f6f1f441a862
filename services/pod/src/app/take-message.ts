import type { PodMessage } from '@dolphin/protocol';
import type { Client } from './ports.js';

/** What goes to an edge or a relay process with the client's socket. */
export function takeMessage({ id, protocol, head, address }: Client): PodMessage {
  return {
    type: 'take',
    id,
    protocol,
    ...(head === undefined || head.length === 0 ? {} : { head: head.toString('base64') }),
    ...(address === undefined ? {} : { address }),
  };
}
