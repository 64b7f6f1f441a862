import { get } from 'node:http';
import { connect } from 'node:net';

/** A local server answers within this, or it is asked again. */
const PROBE_TIMEOUT_MS = 1_000;

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Connects, sends `hello`, and resolves true once what came back matches. */
function answers({ host, port }: Endpoint, hello: string, expected: RegExp): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    let heard = '';
    const done = (result: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => done(false), PROBE_TIMEOUT_MS);
    socket.once('connect', () => hello && socket.write(hello));
    socket.on('data', (data) => {
      heard = (heard + data.toString('latin1')).slice(0, 4096);
      if (expected.test(heard)) done(true);
    });
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
  });
}

/** nats-server greets with INFO. */
export const natsAnswers = (at: Endpoint) => answers(at, '', /^INFO \{/);
/** redis-server answers -LOADING while it reads its data. */
export const redisAnswers = (at: Endpoint) => answers(at, 'PING\r\n', /^\+PONG/);

/** True when a GET is answered with 200. */
export function httpAnswers({ host, port }: Endpoint, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ port, host, path, agent: false, timeout: PROBE_TIMEOUT_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}

/** 9 bytes of FLV header and 4 of the first back pointer; a byte more is media. */
const FLV_PREAMBLE_BYTES = 13;

/** Plays an HTTP-FLV URL until its first media byte, then leaves; false when none comes in time. */
export function flvPlays({ host, port }: Endpoint, path: string, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let bytes = 0;
    const request = get({ port, host, path, agent: false });
    const done = (result: boolean) => {
      clearTimeout(timer);
      request.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => done(false), timeoutMs);
    request.on('error', () => done(false));
    request.on('response', (response) => {
      if (response.statusCode !== 200) return done(false);
      response.on('error', () => done(false));
      response.on('end', () => done(false));
      response.on('data', (data: Buffer) => {
        bytes += data.length;
        if (bytes > FLV_PREAMBLE_BYTES) done(true);
      });
    });
  });
}
