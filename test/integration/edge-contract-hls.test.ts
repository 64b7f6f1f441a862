import { edgeContract } from '../contracts/edge/edge-under-test.js';
import { hlsContract } from '../contracts/edge/hls.js';

edgeContract('HLS', hlsContract);
