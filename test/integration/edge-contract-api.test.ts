import { apiContract } from '../contracts/edge/api.js';
import { edgeContract } from '../contracts/edge/edge-under-test.js';

edgeContract('the HTTP API', apiContract);
