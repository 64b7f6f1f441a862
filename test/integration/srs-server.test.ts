import { describe, it } from 'node:test';
import { srsServerContract } from '../contracts/srs-server.js';
import { fromRoot, srsBinary } from '../support/paths.js';

srsServerContract({ name: 'the built-in server', path: fromRoot('bin/dolphin-edge'), dialect: 'builtin' });

if (srsBinary !== undefined) srsServerContract({ name: 'SRS', path: srsBinary, dialect: 'srs5' });
else
  describe('SRS as an edge', () => it('is tried when SRS_BIN names a binary of 5.0', { skip: 'SRS_BIN is not set' }));
