/**
 * Calls `handler` for SIGTERM and SIGINT, each time one comes: a second one may mean "now". Also installs a SIGUSR1
 * handler that does nothing, unless there is one: without any, Node opens its debugger port on that signal. Programs of bin/ have
 * one before they are loaded (`startProgram`); others call this before anything else in their main.
 */
export function onTermination(handler: (signal: string) => void): void {
  if (process.listenerCount('SIGUSR1') === 0) process.on('SIGUSR1', () => undefined);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => handler(signal));
}
