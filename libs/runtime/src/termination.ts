/**
 * Calls `handler` for SIGTERM and SIGINT, each time one comes: a second one may mean "now". Also installs a SIGUSR1
 * handler that does nothing, unless the program gave one before: without any, Node opens its debugger port on that
 * signal. Call it before anything else in a main.
 */
export function onTermination(handler: (signal: string) => void): void {
  ignoreDebuggerSignal();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => handler(signal));
}

export function ignoreDebuggerSignal(): void {
  if (process.listenerCount('SIGUSR1') === 0) process.on('SIGUSR1', () => undefined);
}
