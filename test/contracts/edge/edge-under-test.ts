import { describe, it } from 'node:test';
import { srs2Binary, srsBinary } from '../../support/paths.js';

/** A program that may be an edge. `binary`: as `startEdge` takes it, undefined for the built-in server. */
export interface EdgeUnderTest {
  readonly name: string;
  readonly is: 'builtin' | 'srs';
  readonly binary?: string;
  /** An SRS of 2.0: it wants this form of the conf, and has not all that 5.0 has. */
  readonly form?: '2015';
}

/**
 * Runs a suite on the built-in server, and on a real SRS when SRS_BIN names one of 5.0: so what the suite says of SRS is
 * true of SRS. What only one of the two does asks `edge.is`, and says why. `also2`: on one of 2.0, too, when SRS_BIN_2
 * names one; what that lacks asks `edge.form`.
 */
export function edgeContract(
  title: string,
  suite: (edge: EdgeUnderTest) => void,
  { also2 = false }: { also2?: boolean } = {},
): void {
  const on = (edge: EdgeUnderTest) =>
    describe(`${title}, of ${edge.name}`, { concurrency: true }, () => {
      suite(edge);
    });
  on({ name: 'the built-in server', is: 'builtin' });
  if (srsBinary === undefined) it(`${title}, of SRS`, { skip: 'SRS_BIN is not set' });
  else on({ name: 'SRS', is: 'srs', binary: srsBinary });
  if (!also2) return;
  if (srs2Binary === undefined) it(`${title}, of SRS 2.0`, { skip: 'SRS_BIN_2 is not set' });
  else on({ name: 'SRS 2.0', is: 'srs', binary: srs2Binary, form: '2015' });
}
