/** Aborts at the first Ctrl-C, or when told to end; a second one ends at once, as without this. */
export function untilInterrupted(): AbortSignal {
  const told = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => told.abort());
  return told.signal;
}
