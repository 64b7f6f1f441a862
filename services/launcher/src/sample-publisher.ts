import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { FlvPlaylist, FlvReader, type FlvTag, MediaError, parseRtmpUrl, type RtmpUrl } from '@dolphin/media';
import { backoffMs, createLogger, onTermination, parseFlags, systemClock, UsageError } from '@dolphin/runtime';
import { publishOnce } from './rtmp/publish-once.js';

const USAGE = `usage: sample-publisher --url rtmp://HOST[:PORT]/APP/STREAM [--file FILE.flv] [--no-loop]

Publishes an FLV file in real time, over and over, and again after every failure. With --no-loop it ends with the file.
`;
/** Short: a farm that was restarted should show its sample within seconds. */
const BACKOFF = { baseMs: 500, maxMs: 5_000 };
const EXIT_USAGE = 64;
const EXIT_NO_INPUT = 66;

const stopping = new AbortController();
onTermination(() => stopping.abort());
const logger = createLogger({ component: 'sample-publisher' });

try {
  const { url, file, loop } = readFlags(process.argv.slice(2));
  const tags = await readTags(file);
  await keepPublishing(url, tags, loop);
} catch (error) {
  process.exitCode = explain(error);
}

function readFlags(argv: readonly string[]): { url: RtmpUrl; file: string; loop: boolean } {
  const { flags, positionals } = parseFlags(
    argv,
    { url: { type: 'string' }, file: { type: 'string' }, 'no-loop': { type: 'boolean' } },
    { positionals: true },
  );
  const [url = positionals[0], more] = [flags.url, positionals[flags.url === undefined ? 1 : 0]];
  if (url === undefined) throw new UsageError('--url is missing');
  if (more !== undefined) throw new UsageError(`unexpected argument ${more}`);
  const sample = fileURLToPath(new URL('../../../test/data/sample-500k.flv', import.meta.url));
  return { url: readUrl(url), file: flags.file ?? sample, loop: flags['no-loop'] !== true };
}

function readUrl(url: string): RtmpUrl {
  try {
    return parseRtmpUrl(url);
  } catch (error) {
    if (error instanceof MediaError) throw new UsageError(`--url: ${error.message}`, { cause: error });
    throw error;
  }
}

async function readTags(file: string): Promise<FlvTag[]> {
  const tags = new FlvReader().push(await readFile(file));
  if (tags.length === 0) throw new MediaError('flv', 'the file has no tags');
  return tags;
}

async function keepPublishing(url: RtmpUrl, tags: readonly FlvTag[], loop: boolean): Promise<void> {
  const to = `rtmp://${url.host}:${url.port}/${url.app}/${url.stream}`;
  for (let failures = 0; !stopping.signal.aborted; ) {
    const onStarted = () => logger.info({ to }, 'publishing');
    const end = await publishOnce(url, new FlvPlaylist(tags, { loop }), { signal: stopping.signal, onStarted });
    if (end.why === 'played' || end.why === 'stopped') break;
    failures = end.started ? 1 : failures + 1;
    const delayMs = backoffMs(failures, BACKOFF, Math.random);
    logger.warn({ to, ...end, delayMs }, 'not publishing, trying again');
    await systemClock.sleep(delayMs, stopping.signal);
  }
}

function explain(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  logger.error({ err: error }, 'the file cannot be read');
  return EXIT_NO_INPUT;
}
