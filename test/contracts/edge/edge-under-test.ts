import { describe, it } from 'node:test';
import { srsBinary } from '../../support/paths.js';

/** A program that may be an edge. `binary`: as `startEdge` takes it, undefined for the built-in server. */
export interface EdgeUnderTest {
  readonly name: string;
  readonly is: 'builtin' | 'srs';
  readonly binary?: string;
}

/**
 * Runs a suite on the built-in server, and on a real SRS when SRS_BIN names one of 5.0: so what the suite says of SRS is
 * true of SRS. What only one of the two does asks `edge.is`, and says why.
 */
export function edgeContract(title: string, suite: (edge: EdgeUnderTest) => void): void {
  describe(`${title}, of the built-in server`, { concurrency: true }, () =>
    suite({ name: 'the built-in server', is: 'builtin' }),
  );
  if (srsBinary === undefined) it(`${title}, of SRS`, { skip: 'SRS_BIN is not set' });
  else {
    const binary = srsBinary;
    describe(`${title}, of SRS`, { concurrency: true }, () => suite({ name: 'SRS', is: 'srs', binary }));
  }
}
