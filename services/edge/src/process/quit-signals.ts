import { onTermination } from '@dolphin/runtime';
import { type QuitSignal, quitFor } from '../domain/quit-rules.js';
import { takeEarlyQuits } from './early-signals.js';

export interface QuitActions {
  forceGraceQuit(): boolean;
  /** At once; may be called again. */
  stop(why: string): void;
  /** Slowly; called once. */
  drain(): void;
}

/** SIGTERM, SIGINT and SIGQUIT of this process; those that came before are obeyed at once. */
export function onQuitSignals(actions: QuitActions): void {
  let isDraining = false;
  const onSignal = (signal: QuitSignal) => {
    if (quitFor(signal, { isDraining, forceGraceQuit: actions.forceGraceQuit() }) === 'now') {
      actions.stop(signal);
      return;
    }
    isDraining = true;
    actions.drain();
  };
  onTermination((signal) => onSignal(signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM'));
  process.on('SIGQUIT', () => onSignal('SIGQUIT'));
  for (const signal of takeEarlyQuits()) onSignal(signal);
}
