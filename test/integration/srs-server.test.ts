import { edgeContract } from '../contracts/edge/edge-under-test.js';
import { srsServerContract } from '../contracts/srs-server.js';
import { fromRoot } from '../support/paths.js';

edgeContract('A rendered conf and the private API', ({ name, is, binary }) =>
  srsServerContract({
    name,
    path: binary ?? fromRoot('bin/dolphin-edge'),
    dialect: is === 'srs' ? 'srs5' : 'builtin',
  }),
);
