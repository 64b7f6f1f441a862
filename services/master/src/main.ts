import { onTermination } from '@dolphin/runtime';

const stop = new AbortController();
onTermination((signal) => stop.abort(signal));

const { runMaster } = await import('./master.js');
process.exitCode = await runMaster(process.argv.slice(2), process.env, stop.signal);
