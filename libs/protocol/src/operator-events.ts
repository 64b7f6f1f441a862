import { z } from 'zod';
import { DrainDeadlineMs, KeptFarmSpec } from './farm-spec.js';
import { text } from './fields.js';
import { FarmId, FarmName, HostId } from './ids.js';
import { edgeRef, entry } from './log-entry.js';

const asked = { who: text, why: text.optional() };
const onHost = { host: HostId, ...asked };
/** An edge as it was when it was asked: a kill or a restart means no newer generation. */
const onEdge = { host: HostId, ...edgeRef, ...asked };

/** What was asked, with who and why. */
export const OperatorEvent = z.discriminatedUnion('type', [
  /** `adopted`: begun anew for edges that ran already, under the farm id that their hosts know. */
  entry('farm-created', { farm: FarmName, farmId: FarmId, adopted: z.boolean().optional(), who: text }),
  /** `rollbackOf`: the spec version whose words these are again. */
  entry('farm-applied', {
    specVersion: z.int().min(1),
    spec: KeptFarmSpec,
    rollbackOf: z.int().min(1).optional(),
    ...asked,
  }),
  /** The log before this entry was written from an export, `entries` messages of it. */
  entry('farm-imported', { from: text, entries: z.int().min(0), ...asked }),
  /** Nothing new is placed on it; what is there stays. */
  entry('host-cordoned', onHost),
  entry('host-uncordoned', onHost),
  /** Cordoned, and its edges drain; each has until the deadline. */
  entry('host-drain-asked', { ...onHost, deadlineMs: DrainDeadlineMs }),
  /** Takes the drain back, and the cordon with it. */
  entry('host-undrain-asked', onHost),
  /** It is not waited for any more; its share is placed elsewhere. When it joins again, it is a new host. */
  entry('host-removed', onHost),
  /** The old process drains until the deadline, then a new one of the same definition takes its place. */
  entry('edge-restart-asked', { ...onEdge, deadlineMs: DrainDeadlineMs }),
  /** At once, with its clients; the slot gets a new generation. */
  entry('edge-kill-asked', onEdge),
  /** The slot is emptied by the deadline, and stays empty until that is taken back, whatever its generation. */
  entry('edge-drain-asked', { ...onEdge, deadlineMs: DrainDeadlineMs }),
  entry('edge-undrain-asked', onEdge),
]);
export type OperatorEvent = z.infer<typeof OperatorEvent>;
