import { dvrContract } from '../contracts/edge/dvr.js';
import { edgeContract } from '../contracts/edge/edge-under-test.js';

edgeContract('DVR', dvrContract);
