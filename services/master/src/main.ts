// Before anything is loaded: without a handler, SIGUSR1 would open Node's debugger port.
process.on('SIGUSR1', () => undefined);
const { onTermination } = await import('@dolphin/runtime');
const stop = new AbortController();
onTermination((signal) => stop.abort(signal));

const { runMaster } = await import('./master.js');
process.exitCode = await runMaster(process.argv.slice(2), process.env, stop.signal);

export {};
