import { isIP } from 'node:net';
import type { PodMessage, Take } from '@dolphin/protocol';
import {
  either,
  type Fits,
  isText,
  listOf,
  MAX_CLIENTS_PER_MESSAGE,
  MAX_HANDED_HEAD_CHARS,
  oneOf,
  optional,
  shapeOf,
} from '@dolphin/protocol/plain.js';

const isId = (value: unknown): value is number => Number.isSafeInteger(value);
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
const isHead = (value: unknown): value is string =>
  isText(value) &&
  value.length <= MAX_HANDED_HEAD_CHARS &&
  value.length % 4 === 0 &&
  /^[A-Za-z0-9+/]*={0,2}$/.test(value);
const isAddress = (value: unknown): value is string => isText(value) && isIP(value) !== 0;
const isIds: Fits<number[]> = (value): value is number[] =>
  listOf(isId)(value) && value.length <= MAX_CLIENTS_PER_MESSAGE;

/**
 * What a pod says to an edge, as the protocol's PodMessage has it (a test holds the two together), without its schema: an
 * edge is started again while viewers wait, and loading the schemas takes longer than all else that it loads.
 */
export const isPodMessage: Fits<PodMessage> = either(
  shapeOf<Take>({
    type: oneOf('take'),
    id: isId,
    protocol: oneOf('rtmp', 'http'),
    head: optional(isHead),
    address: optional(isAddress),
  }),
  either(
    shapeOf<Extract<PodMessage, { type: 'close' }>>({
      type: oneOf('close'),
      ids: (value): value is number[] => isIds(value) && value.length > 0,
      why: oneOf('kicked', 'drained', 'limit'),
    }),
    either(
      shapeOf<Extract<PodMessage, { type: 'count' }>>({ type: oneOf('count'), ask: isId, ids: isIds }),
      shapeOf<Extract<PodMessage, { type: 'keep' }>>({ type: oneOf('keep'), on: isBoolean }),
    ),
  ),
);
