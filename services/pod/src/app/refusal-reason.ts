import type { AdmissionRefusal } from '../domain/admission.js';

/** Why the pod does not take a client. */
export type RefusalReason =
  | AdmissionRefusal
  | 'no-edge'
  | 'no-ready-edge'
  | 'edges-busy'
  | 'edges-full'
  | 'no-relay'
  | 'relays-busy'
  | 'too-many-waiting'
  | 'stopping';
