import { hostname, networkInterfaces } from 'node:os';
import type { OwnNames } from '../domain/reach.js';

export function ownNames(): OwnNames {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  return new Set([hostname(), ...addresses]);
}
