import { edgeContract } from '../contracts/edge/edge-under-test.js';
import { httpFlvContract } from '../contracts/edge/http-flv.js';

edgeContract('HTTP-FLV', httpFlvContract);
