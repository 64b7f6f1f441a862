import { catchEarlySignals, closeDebugger } from './process/early-signals.js';

catchEarlySignals();
const { main } = await import('./edge-process.js');
await main(process.argv.slice(2));
closeDebugger();
