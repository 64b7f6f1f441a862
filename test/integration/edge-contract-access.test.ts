import { accessContract, tokenContract } from '../contracts/edge/access.js';
import { edgeContract } from '../contracts/edge/edge-under-test.js';

edgeContract('access', (edge) => {
  accessContract(edge);
  tokenContract(edge);
});
