import { DolphinError } from '@dolphin/protocol';
import { onTermination, UsageError } from '@dolphin/runtime';

const stop = new AbortController();
const hurry = new AbortController();
const terminate = () => (stop.signal.aborted ? hurry.abort() : stop.abort());
onTermination(terminate);
process.on('SIGHUP', terminate);

const [verb, ...argv] = process.argv.slice(2);

try {
  process.exitCode = await run(verb);
} catch (error) {
  process.exitCode = await explain(error);
}

async function run(name: string | undefined): Promise<number> {
  switch (name) {
    case 'up':
      return runUp();
    case 'down':
      return runDown();
    case 'invite':
      return runInvite();
    case 'test': {
      const { runTests } = await import('./testing/run-tests.js');
      const [flag] = argv;
      const withCoverage = flag === '--coverage';
      const isLong = flag === '--long';
      const kind = withCoverage || isLong ? argv[1] : flag;
      return runTests({ kind, withCoverage, isLong, stop: stop.signal });
    }
    // For the shell: are the flags right, before anything is installed?
    case 'check-flags': {
      const { parseUp } = await import('./flags.js');
      if (argv[0] === 'up') parseUp(argv.slice(1));
      return 0;
    }
    default:
      throw new UsageError(`unknown verb ${name ?? ''}`);
  }
}

async function runUp(): Promise<number> {
  const [{ parseUp, UP_USAGE }, { up }, { createTerminal }] = await Promise.all([
    import('./flags.js'),
    import('./up/up.js'),
    import('./terminal.js'),
  ]);
  const command = parseUp(argv);
  if (command.help) return show(UP_USAGE);
  await up(command, createTerminal(), { stop: stop.signal, hurry: hurry.signal });
  return hurry.signal.aborted ? 130 : 0;
}

async function runDown(): Promise<number> {
  const [{ parseDown, DOWN_USAGE }, { down }, { createTerminal }] = await Promise.all([
    import('./flags.js'),
    import('./up/down.js'),
    import('./terminal.js'),
  ]);
  const command = parseDown(argv);
  if (command.help) return show(DOWN_USAGE);
  await down(command.dir, createTerminal());
  return 0;
}

async function runInvite(): Promise<number> {
  const [{ parseInvite, INVITE_USAGE }, { invite }] = await Promise.all([
    import('./flags.js'),
    import('./up/invite.js'),
  ]);
  const asked = parseInvite(argv);
  if (asked.help) return show(INVITE_USAGE);
  const { command, isKnown } = await invite(asked);
  if (!isKnown) process.stderr.write('no up runs there: the next one lets this host in\n');
  return show(`${command}\n`);
}

function show(text: string): number {
  process.stdout.write(text);
  return 0;
}

/** Prints an error for a person and gives its exit code. */
async function explain(error: unknown): Promise<number> {
  const message = error instanceof Error ? error.message : String(error);
  const said = verb === 'check-flags' ? argv[0] : verb;
  process.stderr.write(`dolphin ${said ?? ''}: ${message}\n`);
  if (error instanceof UsageError) {
    const { UP_USAGE, DOWN_USAGE, INVITE_USAGE } = await import('./flags.js');
    process.stderr.write(verb === 'down' ? DOWN_USAGE : verb === 'invite' ? INVITE_USAGE : UP_USAGE);
    return error.exit;
  }
  if (error instanceof DolphinError) {
    process.stderr.write(`${error.code}\n`);
    return error.exit;
  }
  return 1;
}
