import { setTimeout as wait } from 'node:timers/promises';
import { onTermination, parseFlags, UsageError } from '@dolphin/runtime';
import { pinSelf, stopAll } from './child.js';
import { benchControl, controlText, MAX_CONTROL_EDGES } from './control-bench.js';
import { benchCrowd, CROWD_MODES, crowdText, isCrowdMode } from './crowd-bench.js';
import { edgeJob } from './edge-job.js';
import { atLeastOne, EXIT_VOID, type Job, playersOf, progress, tell } from './job-tools.js';
import { Load, NotServedError } from './load.js';
import { benchProxy, PROXY_REFERENCE } from './proxy-bench.js';
import { loadText, reportOf } from './report.js';
import { USAGE } from './usage.js';

const EXIT_USAGE = 64;
const EXIT_UNAVAILABLE = 69;
const EXIT_SOFTWARE = 70;
/** Joiners have had their burst of the last GOP. */
const LOAD_SETTLE_MS = 2000;

onTermination(() => {
  stopAll().finally(() => process.exit(130));
});

// Whoever read our figures (head, less) has gone.
process.stdout.on('error', () => process.exit(EXIT_SOFTWARE));

const [verb, ...argv] = process.argv.slice(2);
try {
  // For the shell: are the flags right, before anything is installed?
  if (verb === 'check-flags') jobOf(argv[0], argv.slice(1));
  else process.exitCode = await jobOf(verb, argv)();
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    process.exitCode = EXIT_USAGE;
  } else {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof NotServedError ? EXIT_UNAVAILABLE : EXIT_SOFTWARE;
  }
} finally {
  await stopAll();
}

/** What a command line asks for; its result is the exit code. Throws UsageError. */
function jobOf(name: string | undefined, args: readonly string[]): Job {
  switch (name) {
    case 'edge':
      return edgeJob(args);
    case 'proxy':
      return proxy(args);
    case 'crowd':
      return crowd(args);
    case 'control':
      return control(args);
    case 'load':
      return load(args);
    case 'floor':
      return async () => {
        // As if it had been started by itself.
        process.argv.splice(2, 1);
        await import('./floor.js');
        return 0;
      };
    case '--help':
    case '-h':
      return async () => {
        process.stdout.write(USAGE);
        return 0;
      };
    case undefined:
      throw new UsageError('a verb is missing');
    default:
      throw new UsageError(`unknown verb ${name}`);
  }
}

function proxy(args: readonly string[]): Job {
  const { flags } = parseFlags(args, {
    players: { type: 'int' },
    churn: { type: 'int' },
    seconds: { type: 'int' },
    rounds: { type: 'int' },
    peer: { type: 'string', multiple: true },
    json: { type: 'boolean' },
  });
  const peers = (flags.peer ?? []).map((text) => {
    const [, name, command] = /^([a-z][a-z0-9-]*)=(.*\{port\}.*)$/.exec(text) ?? [];
    if (name === undefined || command === undefined)
      throw new UsageError(`--peer ${text}: wants NAME=COMMAND with {port}`);
    return { name, command };
  });
  const o = {
    players: playersOf(flags.players, 2000),
    churn: flags.churn ?? 200,
    seconds: atLeastOne('seconds', flags.seconds, 20),
    rounds: atLeastOne('rounds', flags.rounds, 3),
    peers,
    progress,
  };
  return async () => {
    pinSelf();
    return tell(reportOf('proxy', PROXY_REFERENCE, await benchProxy(o)), flags.json);
  };
}

function crowd(args: readonly string[]): Job {
  const { flags } = parseFlags(args, {
    players: { type: 'int' },
    edges: { type: 'int' },
    seconds: { type: 'int' },
    mode: { type: 'string' },
    burst: { type: 'boolean' },
    json: { type: 'boolean' },
  });
  const { mode = 'hand-off' } = flags;
  if (!isCrowdMode(mode)) throw new UsageError(`--mode is ${CROWD_MODES.join(', ')}, not ${mode}`);
  const o = {
    players: atLeastOne('players', flags.players, 20_000),
    edges: atLeastOne('edges', flags.edges, 4),
    seconds: atLeastOne('seconds', flags.seconds, 20),
    mode,
    burst: flags.burst === true,
    progress,
  } as const;
  return async () => {
    const result = await benchCrowd(o);
    process.stdout.write(flags.json === true ? `${JSON.stringify(result, null, 2)}\n` : crowdText(result));
    return result.starving === 0 ? 0 : EXIT_VOID;
  };
}

function control(args: readonly string[]): Job {
  const { flags } = parseFlags(args, {
    edges: { type: 'int' },
    kills: { type: 'int' },
    seconds: { type: 'int' },
    entries: { type: 'string' },
    json: { type: 'boolean' },
  });
  const entries = (flags.entries ?? '100000,1000000').split(',').map(Number);
  if (!entries.every((count) => Number.isSafeInteger(count) && count >= 1)) {
    throw new UsageError(`--entries ${flags.entries}: wants numbers with commas between`);
  }
  const edges = atLeastOne('edges', flags.edges, 16);
  if (edges > MAX_CONTROL_EDGES) throw new UsageError(`--edges is at most ${MAX_CONTROL_EDGES}`);
  const o = {
    edges,
    kills: atLeastOne('kills', flags.kills, 10),
    seconds: atLeastOne('seconds', flags.seconds, 20),
    entries,
    progress,
  };
  return async () => {
    const result = await benchControl(o);
    process.stdout.write(flags.json === true ? `${JSON.stringify(result, null, 2)}\n` : controlText(result));
    return 0;
  };
}

function load(args: readonly string[]): Job {
  const { flags, positionals } = parseFlags(
    args,
    {
      url: { type: 'string', required: true },
      players: { type: 'int' },
      seconds: { type: 'int' },
      json: { type: 'boolean' },
    },
    { positionals: true },
  );
  const [protocol, more] = positionals;
  if (protocol !== 'rtmp' && protocol !== 'flv') throw new UsageError('bench load wants rtmp or flv');
  if (more !== undefined) throw new UsageError(`unexpected argument ${more}`);
  if (!flags.url.startsWith(protocol === 'rtmp' ? 'rtmp://' : 'http://')) {
    throw new UsageError(`--url of a ${protocol} load begins with ${protocol === 'rtmp' ? 'rtmp' : 'http'}://`);
  }
  const o = { target: { protocol, url: flags.url }, players: playersOf(flags.players, 100) } as const;
  const seconds = atLeastOne('seconds', flags.seconds, 10);
  return async () => {
    const players = new Load(o);
    try {
      const { afterMs } = await players.start();
      process.stderr.write(`all play after ${afterMs} ms\n`);
      await wait(LOAD_SETTLE_MS);
      players.mark();
      await wait(seconds * 1000);
      const result = players.measure();
      process.stdout.write(
        flags.json === true ? `${JSON.stringify({ bench: 'load', ...result })}\n` : loadText(result),
      );
      return result.starving === 0 ? 0 : EXIT_VOID;
    } finally {
      players.stop();
    }
  };
}
