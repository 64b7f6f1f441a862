import { edgeContract } from '../contracts/edge/edge-under-test.js';
import { processContract } from '../contracts/edge/process.js';

edgeContract('command line, exit codes and signals', processContract);
