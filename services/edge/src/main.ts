import inspector from 'node:inspector';

// Before anything else is even loaded: without a handler Node opens its debugger port on SIGUSR1, and a signal that
// comes while modules load must not kill without a word.
process.on('SIGUSR1', closeDebugger);
process.on('SIGHUP', () => undefined);
closeDebugger();

const { main } = await import('./edge-process.js');
await main(process.argv.slice(2));
closeDebugger();

/** One that came before any line of ours ran has opened the port: it is closed again. */
function closeDebugger(): void {
  if (inspector.url() !== undefined) inspector.close();
}
