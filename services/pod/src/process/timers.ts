import type { Timers } from '../app/ports.js';

export const systemTimers: Timers = {
  after: (ms, fn) => {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
  monotonic: () => performance.now(),
};
