import { newestForm } from './newest-form.js';

/**
 * What a script of bin/ does, given its program's main module. Programs take a while to load, and without a handler Node opens its
 * debugger port on SIGUSR1: so one is there first, and this module must load nothing but the little that it takes to choose.
 */
export async function startProgram(main: URL): Promise<void> {
  process.on('SIGUSR1', () => undefined);
  await import(newestForm(main).href);
}
