import type { ApplyAnswer } from '@dolphin/protocol';
import { DolphinError } from '@dolphin/protocol/plain.js';
import { scaledSpec } from '../domain/scaled-spec.js';
import type { MasterApi } from '../http/master-api.js';
import type { ScaleAsked } from '../scale-command.js';
import { applied } from './applied.js';
import { asker } from './who.js';

/** The farm's newest specification with another number of stream edges. Throws DolphinError. */
export async function scale(api: MasterApi, o: ScaleAsked & { readonly json: boolean }): Promise<number> {
  return applied(api, await scaled(api, o, 'once more'), o);
}

/** Somebody may apply between the reading and the writing; who loses twice should look before asking again. */
async function scaled(api: MasterApi, o: ScaleAsked, then: 'once more' | 'give up'): Promise<ApplyAnswer> {
  const { spec, specVersion } = await api.farm();
  if (spec === null) {
    throw new DolphinError('E_SPEC_INVALID', { why: 'nothing has been applied yet that could be scaled' });
  }
  try {
    return await api.apply({ spec: scaledSpec(spec, o.count, o.by), ...asker(o.why) }, specVersion);
  } catch (error) {
    if (!(error instanceof DolphinError) || error.code !== 'E_SPEC_CHANGED' || then === 'give up') throw error;
    return scaled(api, o, 'give up');
  }
}
