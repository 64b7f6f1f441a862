import { accessContract } from '../contracts/edge/access.js';
import { edgeContract } from '../contracts/edge/edge-under-test.js';

edgeContract('access', accessContract);
