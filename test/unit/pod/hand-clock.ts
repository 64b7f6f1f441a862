/** A clock that goes only when told to. */
export function handClock() {
  let now = 0;
  const due = new Set<{ at: number; fn: () => void }>();
  return {
    timers: {
      monotonic: () => now,
      after: (ms: number, fn: () => void) => {
        const timer = { at: now + ms, fn };
        due.add(timer);
        return () => void due.delete(timer);
      },
    },
    pass: (ms: number) => {
      now += ms;
      for (const timer of [...due].filter(({ at }) => at <= now)) {
        due.delete(timer);
        timer.fn();
      }
    },
  };
}
