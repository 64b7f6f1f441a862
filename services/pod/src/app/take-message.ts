import type { Take } from '@dolphin/protocol';
import { normalAddress } from '../domain/client-address.js';
import type { Client } from './ports.js';

/** What goes to an edge or a relay process with the client's socket. */
export function takeMessage({ id, protocol, head, address, socket }: Client): Take {
  return {
    type: 'take',
    id,
    protocol,
    ...(head === undefined || head.length === 0 ? {} : { head: head.toString('base64') }),
    // The socket tells its own.
    ...(address === normalAddress(socket.remoteAddress) ? {} : { address }),
  };
}
