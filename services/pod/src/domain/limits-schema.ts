import { PodLimits } from '@dolphin/protocol';
import { parseAccessRule } from './access-rules.js';

const NOT_A_RULE = 'is not `allow` or `deny` with an address, a prefix such as 10.0.0.0/8 or 2001:db8::/32, or `all`';

/** Limits whose rules can be read: in the configuration, over the control API, and in the file of those set there. */
export const CheckedLimits = PodLimits.superRefine(({ access }, context) => {
  for (const [index, rule] of access.entries()) {
    if (parseAccessRule(rule) !== null) continue;
    context.addIssue({ code: 'custom', path: ['access', index], message: NOT_A_RULE });
  }
});
