import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { POD_SOCKET_NAME } from '@dolphin/protocol';

/** The top of the checkout: services/launcher/dist/up lies four levels below it. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../../..');

/** sun_path of a unix socket holds 108 bytes, the last one is 0. */
const MAX_SOCKET_PATH = 107;

/** Where what runs in a directory keeps its things. */
export interface Places {
  readonly dir: string;
  readonly logs: string;
  /** Who is who, of an `up --listen`. */
  readonly credentials: string;
  readonly nats: string;
  readonly redis: string;
  readonly origin: string;
  readonly master: string;
  readonly worker: string;
  readonly podSocket: string;
  /** A specification to begin with, for a farm that is not on the default ports. */
  readonly exampleSpec: string;
}

/** `dir` as it was given; without one, `.dolphin` in the checkout. */
export function placesIn(dir: string | undefined): Places {
  const top = dir === undefined ? join(ROOT, '.dolphin') : resolve(dir);
  return {
    dir: top,
    logs: join(top, 'logs'),
    credentials: join(top, 'credentials'),
    nats: join(top, 'nats'),
    redis: join(top, 'redis'),
    origin: join(top, 'origin'),
    master: join(top, 'master'),
    worker: join(top, 'worker'),
    podSocket: join(top, 'worker', POD_SOCKET_NAME),
    exampleSpec: join(top, 'farm.yaml'),
  };
}

/** Why the directory cannot be used, or null. */
export function placesProblem(places: Places): string | null {
  const bytes = Buffer.byteLength(places.podSocket);
  return bytes > MAX_SOCKET_PATH
    ? `${places.podSocket} is too long for a unix socket, by ${bytes - MAX_SOCKET_PATH} bytes`
    : null;
}

/** What a person types to end what runs there. */
export function downCommand(dir: string | undefined): string {
  return dir === undefined ? './dolphin down' : `./dolphin down --dir ${dir}`;
}
