import { pino } from 'pino';

/** Lines that wait for a disk that does not take them. Newer ones are dropped: a log may not fill the memory. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** Where a log goes that is a file. */
export interface LogFile extends pino.DestinationStream {
  /** Goes on in a file of that name, which somebody moved away or not. */
  reopen(): void;
  /** Writes what waits: before the process ends. */
  flush(): void;
}

/**
 * A file that lines are appended to, in the background: a slow disk holds up nothing but the log. Its directory is made. That
 * it takes nothing is told on stderr, once until it takes lines again.
 */
export function openLogFile(path: string): LogFile {
  const file = pino.destination({ dest: path, mkdir: true, sync: false, maxLength: MAX_WAITING_BYTES });
  let isTold = false;
  const tell = (why: string) => {
    if (!isTold) process.stderr.write(`the log ${path} takes no lines: ${why}\n`);
    isTold = true;
  };
  file.on('error', (error: Error) => tell(error.message));
  file.on('drop', () => tell('the disk is too slow'));
  file.on('write', () => {
    isTold = false;
  });
  return {
    write: (line) => void file.write(line),
    reopen: () => file.reopen(),
    flush: () => {
      try {
        file.flushSync();
      } catch (error) {
        // It may not even be open yet.
        tell(error instanceof Error ? error.message : String(error));
      }
    },
  };
}
