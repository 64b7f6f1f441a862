import inspector from 'node:inspector';
import type { QuitSignal } from '../domain/quit-rules.js';

// What the process does from its first line on, while its modules load: this one is loaded before them, and must stay
// small. Without handlers a signal would end it without a word, and SIGUSR1 open Node's debugger port.

const QUIT_SIGNALS: readonly QuitSignal[] = ['SIGTERM', 'SIGINT', 'SIGQUIT'];
/** Whoever asks twice wants it now; further ones say no more. */
const MAX_REMEMBERED = 2;

const askedToEnd: QuitSignal[] = [];

const remember = (signal: NodeJS.Signals): void => {
  if (askedToEnd.length < MAX_REMEMBERED) askedToEnd.push(signal as QuitSignal);
};

let isCatching = false;

/** Before all else; again it does nothing. */
export function catchEarlySignals(): void {
  if (isCatching) return;
  isCatching = true;
  process.on('SIGUSR1', closeDebugger);
  process.on('SIGHUP', () => undefined);
  for (const signal of QUIT_SIGNALS) process.on(signal, remember);
  closeDebugger();
}

/** Those that came before there was anything to end, in their order. From now on the caller handles them. */
export function takeEarlyQuits(): readonly QuitSignal[] {
  for (const signal of QUIT_SIGNALS) process.off(signal, remember);
  return askedToEnd.splice(0);
}

/** One that came before any line of ours ran may have opened the port: it is closed again. */
export function closeDebugger(): void {
  if (inspector.url() !== undefined) inspector.close();
}
