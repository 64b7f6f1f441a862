import { edgeContract } from '../contracts/edge/edge-under-test.js';
import { originsContract } from '../contracts/edge/origins.js';

edgeContract('an edge before its origins', originsContract);
