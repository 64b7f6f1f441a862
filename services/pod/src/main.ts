import { DolphinError } from '@dolphin/protocol';
import { ConfigError, createLogger, Lifecycle, onTermination, UsageError } from '@dolphin/runtime';
import { ConfError } from '@dolphin/srs';
import { parseCommandLine, USAGE } from './command-line.js';
import { type RunningPod, runPod } from './run-pod.js';

/** `deadlineMs`: how long clients may stay; null: as configured. */
let stop: (deadlineMs: number | null) => void = () => process.exit(0);
onTermination(() => stop(null));

await main();

async function main(): Promise<void> {
  const logger = createLogger({ component: 'pod' });
  const lifecycle = new Lifecycle(logger);
  let stopping = false;
  let pod: RunningPod | null = null;
  const hurry = new AbortController();
  stop = (deadlineMs) => {
    // Asked twice: now. One that is not waiting for its clients is stopping already.
    if (stopping) {
      hurry.abort();
      return;
    }
    stopping = true;
    logger.info('stopping');
    const clientsLeft = pod?.awaitClients(deadlineMs, hurry.signal) ?? Promise.resolve();
    void clientsLeft.then(() => lifecycle.stop()).then(() => process.exit(0));
  };
  try {
    const options = parseCommandLine(process.argv.slice(2));
    if (options === 'help') {
      process.stdout.write(USAGE);
      return;
    }
    // A farm's pod has no terminal of its own: it outlives the one that its worker was started from.
    process.on('SIGHUP', () => {
      if (options.alone !== null) stop(null);
    });
    pod = await runPod(options, { logger, lifecycle, onStop: (deadlineMs) => stop(deadlineMs), env: process.env });
  } catch (error) {
    if (stopping) return;
    await lifecycle.stop();
    process.exit(report(error));
  }
}

function report(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`dolphin-pod: ${error.message}\n${USAGE}`);
    return error.exit;
  }
  if (error instanceof DolphinError || error instanceof ConfigError) {
    process.stderr.write(`dolphin-pod: ${error.message}\n`);
    return error.exit;
  }
  if (error instanceof ConfError) {
    process.stderr.write(`dolphin-pod: ${error.message}\n`);
    return 78;
  }
  process.stderr.write(`dolphin-pod: ${error instanceof Error ? error.stack : String(error)}\n`);
  return 70;
}
