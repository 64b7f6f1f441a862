/** The port of a pod that was killed a moment ago, and of its relay processes, which notice that. */
const BIND_WITHIN_MS = 2000;
const BIND_EVERY_MS = 50;

/**
 * Calls `bind` with the address to bind to until that gives anything but an error: `0.0.0.0` and `::` mean all addresses
 * of both families. Rejects with the last error.
 */
export async function bindPublic<Bound>(
  address: string,
  bind: (host: string) => Promise<Bound | NodeJS.ErrnoException>,
): Promise<Bound> {
  const all = address === '::' || address === '0.0.0.0';
  const deadline = performance.now() + BIND_WITHIN_MS;
  for (let host = all ? '::' : address; ; ) {
    const bound = await bind(host);
    if (!(bound instanceof Error)) return bound;
    if (all && host === '::' && (bound.code === 'EAFNOSUPPORT' || bound.code === 'EADDRNOTAVAIL')) {
      host = '0.0.0.0';
    } else if (bound.code !== 'EADDRINUSE' || performance.now() >= deadline) {
      throw bound;
    } else {
      await new Promise((resolve) => setTimeout(resolve, BIND_EVERY_MS));
    }
  }
}
