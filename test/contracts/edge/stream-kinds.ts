import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { FlvReader, type FlvTag } from '@dolphin/media';
import { startEdge, streamIsLive } from '../../integration/edge-support/edge.js';
import { publishFile, sourcePackets } from '../../support/media.js';
import { sampleFlv } from '../../support/paths.js';
import { run, startProcess } from '../../support/processes.js';
import { sampleTags } from '../../support/sample-tags.js';
import { tempDir } from '../../support/temp-dir.js';
import type { EdgeUnderTest } from './edge-under-test.js';

function publish(t: TestContext, url: string, args: readonly string[]): void {
  startProcess(t, 'ffmpeg', ['-v', 'warning', '-re', '-i', sampleFlv, ...args, '-f', 'flv', url]);
}

/** Hashes of the packets of `seconds` of a URL, by track; unlike a recording it wants neither of them. */
async function record(t: TestContext, url: string, seconds: number, input: readonly string[] = []) {
  const args = [
    '-v',
    'error',
    ...input,
    '-i',
    url,
    '-t',
    String(seconds),
    '-map',
    '0:v?',
    '-map',
    '0:a?',
    '-c',
    'copy',
    '-f',
    'framemd5',
    '-',
  ];
  const { stdout, stderr } = await run(t, 'ffmpeg', args);
  const kinds = new Map([...stdout.matchAll(/^#media_type (\d+): (\w+)/gm)].map(([, index, kind]) => [index, kind]));
  const rows = stdout.split('\n').filter((line) => /^\d/.test(line));
  const hashes = (kind: string) =>
    rows
      .map((line) => line.split(',').map((field) => field.trim()))
      .flatMap(([index, , , , , hash = '']) => (kinds.get(index) === kind ? [hash] : []));
  return { audio: hashes('audio'), video: hashes('video'), stderr };
}

/** True if `run` stands in `source` as it is. */
function isRunOf(run: readonly string[], source: readonly string[]): boolean {
  return run.length > 0 && source.join().includes(run.join());
}

/** Streams of other kinds than the sample, through an origin and an edge, as real clients publish and play them. */
export function streamKinds(edge: EdgeUnderTest): void {
  it('of audio alone, or video alone, are played over RTMP and HTTP-FLV, late too', async (t) => {
    const source = await sourcePackets(t);
    const origin = await startEdge(t, edge);
    const server = await startEdge(t, { ...edge, origins: [origin.address] });
    publish(t, origin.rtmp('audio'), ['-c', 'copy', '-vn']);
    publish(t, origin.rtmp('video'), ['-c', 'copy', '-an']);
    for (const kind of ['audio', 'video'] as const) {
      await streamIsLive(origin, kind);
      const urls = [server.rtmp(kind), server.flv(kind), origin.flv(kind)];
      const received = await Promise.all(urls.map((url) => record(t, url, 3)));
      for (const each of received) {
        assert.ok(isRunOf(each[kind], source[kind]), `${kind}: ${each[kind].length} packets, ${each.stderr}`);
        assert.deepEqual(each[kind === 'audio' ? 'video' : 'audio'], []);
      }
    }
  });

  it('whose times need 32 bits, or cross 2^24, arrive whole', async (t) => {
    const source = await sourcePackets(t);
    // Times pass as they are: what goes out has extended timestamps.
    const origin = await startEdge(t, { ...edge, play: 'time_jitter off; mw_latency 0;' });
    const server = await startEdge(t, { ...edge, origins: [origin.address] });
    const offsets = [16_774, 18_000, 2_147_423];
    for (const offset of offsets) {
      publish(t, origin.rtmp(`t${offset}`), ['-c', 'copy', '-output_ts_offset', String(offset)]);
    }
    for (const offset of offsets) await streamIsLive(origin, `t${offset}`);
    const urls = offsets.flatMap((offset) => [
      origin.rtmp(`t${offset}`),
      origin.flv(`t${offset}`),
      server.rtmp(`t${offset}`),
    ]);
    const received = await Promise.all(urls.map((url) => record(t, url, 4)));
    received.forEach((each, i) => {
      assert.equal(each.stderr, '', urls[i]);
      assert.ok(isRunOf(each.video, source.video) && isRunOf(each.audio, source.audio), urls[i]);
    });
  });

  it('of one frame a second keep their pace', async (t) => {
    if (edge.is === 'srs') return t.skip('SRS makes 10 ms of every step over 250 ms');
    const origin = await startEdge(t, edge);
    const server = await startEdge(t, { ...edge, origins: [origin.address] });
    publish(t, origin.rtmp('slow'), [
      '-an',
      '-c:v',
      'libx264',
      '-r',
      '1',
      '-g',
      '2',
      '-tune',
      'zerolatency',
      '-s',
      '160x90',
    ]);
    const { video } = await record(t, server.flv('slow'), 4, ['-fpsprobesize', '2']);
    // Four seconds of its own time: with shorter steps there would be many more of them.
    assert.ok(video.length >= 4 && video.length <= 6, `${video.length} frames`);
  });

  it('are recorded by rtmpdump packet for packet, shaking hands simply and by digest', async (t) => {
    const source = (await sampleTags()).frames;
    const origin = await startEdge(t, edge);
    const server = await startEdge(t, { ...edge, origins: [origin.address] });
    publishFile(t, origin.rtmp('dumped'));
    await streamIsLive(origin, 'dumped');
    const dir = await tempDir(t);
    // With a hash of its player it asks for digests, and hangs up where they are wrong.
    const strict = ['--swfhash', '11'.repeat(32), '--swfsize', '1000'];
    for (const [name, args] of [
      ['simple.flv', []],
      ['strict.flv', strict],
    ] as const) {
      const file = join(dir, name);
      const url = server.rtmp('dumped');
      await startProcess(t, 'rtmpdump', ['-q', '-v', '-r', url, ...args, '-B', '2', '-o', file]).ends();
      const tags = new FlvReader().push(await readFile(file));
      for (const typeId of [8, 9]) {
        // Sequence headers aside: it may be sent them again in the middle.
        const of = (all: readonly FlvTag[]) =>
          all.flatMap((tag) => (tag.typeId === typeId && tag.payload[1] !== 0 ? [tag.payload.toString('base64')] : []));
        assert.ok(isRunOf(of(tags), of(source)), `${name}: ${tags.length} tags of type ${typeId}`);
      }
    }
  });
}
