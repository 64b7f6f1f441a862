/** The master answers reads from memory. */
export const READ_TIMEOUT_MS = 2_000;
/** It asks the log for events, and waits for an apply to be stored; each of its waits ends within this. */
export const LOG_TIMEOUT_MS = 15_000;
