import { edgeContract } from '../contracts/edge/edge-under-test.js';
import { streamKinds } from '../contracts/edge/stream-kinds.js';

edgeContract('streams of other kinds', streamKinds);
