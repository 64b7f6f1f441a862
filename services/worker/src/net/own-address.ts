import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { DolphinError } from '@dolphin/protocol';

/** A name server that is away must not keep a host from starting for longer. */
const LOOKUP_TIMEOUT_MS = 5_000;

/**
 * The address of this machine from which it reaches the first of these NATS servers, as its routes say: nothing is sent. Throws
 * E_CONFIG when there is no way there.
 */
export async function ownAddressTowards(nats: string): Promise<string> {
  const refuse = (why: string) =>
    new DolphinError('E_CONFIG', { where: 'address', why: `none is given, and none is found towards ${nats}: ${why}` });
  let url: URL;
  try {
    url = new URL(nats.split(',')[0] ?? '');
  } catch {
    throw refuse('that is no URL');
  }
  // In brackets, where it is an IPv6 address.
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  try {
    return await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(refuse(`no answer within ${LOOKUP_TIMEOUT_MS} ms`)), LOOKUP_TIMEOUT_MS);
      const done = (error?: Error | null) => {
        clearTimeout(timer);
        if (error) reject(refuse(error.message));
        else resolve(socket.address().address);
      };
      socket.once('error', done);
      socket.connect(Number(url.port) || 4222, host, () => done());
    });
  } finally {
    socket.close();
  }
}
