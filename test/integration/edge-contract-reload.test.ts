import { edgeContract } from '../contracts/edge/edge-under-test.js';
import { reloadContract } from '../contracts/edge/reload.js';

edgeContract('reload', reloadContract);
