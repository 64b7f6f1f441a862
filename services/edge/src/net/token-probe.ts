import { connect } from 'node:net';
import { MediaError, RtmpClientSession } from '@dolphin/media';
import type { Timers } from '../app/ports.js';
import type { ShowToken, TokenAnswer } from '../app/token-check.js';

/** SRS: SRS_EDGE_TOKEN_TRAVERSE_TIMEOUT. */
const CONNECT_TIMEOUT_MS = 3000;
/** SRS: SRS_CONSTS_RTMP_TIMEOUT. For the handshake and the answer together. */
const ANSWER_TIMEOUT_MS = 30_000;

/** Shows a client's connect to an RTMP origin, on a connection of its own that ends with the answer. */
export function rtmpTokenProbe(timers: Timers): ShowToken {
  return (origin, { tcUrl, pageUrl, swfUrl, args = {} }, app, hops, gone) =>
    new Promise((resolve) => {
      const { host, port } = origin;
      const url = { host, port, vhost: '', app, stream: '', query: '' };
      const session = new RtmpClientSession({ mode: 'connect', url, hops, client: { tcUrl, pageUrl, swfUrl, args } });
      const socket = connect({ host, port, noDelay: true });
      let isConnected = false;
      const answer = (what: TokenAnswer) => {
        cancelTimer();
        gone.removeEventListener('abort', onGone);
        socket.destroy();
        resolve(what);
      };
      const onGone = () => answer({ is: 'refused', why: 'it left' });
      gone.addEventListener('abort', onGone);
      const fail = (why: string) => answer({ is: isConnected ? 'refused' : 'unreachable', why });
      let cancelTimer = timers.after(CONNECT_TIMEOUT_MS, () => fail('connect time-out'));
      const flush = () => {
        const output = session.takeOutput();
        if (output !== null && !socket.destroyed) socket.write(output);
      };
      socket.on('connect', () => {
        isConnected = true;
        cancelTimer();
        cancelTimer = timers.after(ANSWER_TIMEOUT_MS, () => fail('the origin does not answer'));
        session.start();
        flush();
      });
      socket.on('data', (data: Buffer) => {
        try {
          for (const event of session.push(data)) {
            if (event.type === 'started') answer({ is: 'accepted' });
            else if (event.type === 'refused' || event.type === 'ended') fail(event.why);
          }
          flush();
        } catch (error) {
          if (!(error instanceof MediaError)) throw error;
          fail(`bad input from the origin: ${error.message}`);
        }
      });
      socket.on('error', (error: Error) => fail(error.message));
      socket.on('close', () => fail('the origin hung up'));
    });
}
