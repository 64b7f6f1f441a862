import type { EdgeDefinition } from '@dolphin/protocol';
import { type Fits, isNumber, isText, listOf, nullable, oneOf, optional, shapeOf } from '@dolphin/protocol/plain.js';

const isDefinition: Fits<EdgeDefinition> = shapeOf<EdgeDefinition>({
  role: oneOf('stream', 'back-source', 'http'),
  slot: isNumber,
  generation: isNumber,
  engine: isText,
  conf: optional(shapeOf<NonNullable<EdgeDefinition['conf']>>({ name: isText, revision: isNumber })),
  ports: shapeOf<EdgeDefinition['ports']>({ rtmp: isNumber, http: optional(isNumber), api: isNumber }),
  origins: listOf(isText),
});

/** What is read of a pod's host.json: what this host was told to run. Null: that slot is to be empty. */
export const isHostFile = shapeOf<{
  host: string;
  farmId: string | null;
  slots: { wanted: EdgeDefinition | null }[];
}>({
  host: isText,
  farmId: nullable(isText),
  slots: listOf(shapeOf<{ wanted: EdgeDefinition | null }>({ wanted: nullable(isDefinition) })),
});
