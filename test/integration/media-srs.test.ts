import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ClientEvent, FlvReader, MessageType, parseRtmpUrl, RtmpClientSession } from '@dolphin/media';
import { onCleanup, type TestScope } from '../support/cleanup.js';
import { eventually } from '../support/eventually.js';
import { sampleFlv, srsBinary } from '../support/paths.js';
import { freePort } from '../support/ports.js';
import { startProcess } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';

const skip = srsBinary ? false : 'SRS_BIN names no SRS binary';
/** At most this much is fed at once, so that SRS's player queue is never full. */
const TAGS_PER_STEP = 50;

async function startSrs(t: TestScope): Promise<number> {
  const [dir, port] = [await tempDir(t), await freePort()];
  // Without latency nothing is held back for a fuller write, and the next step may wait for the last one.
  const play = 'min_latency on; play { queue_length 300; mw_latency 0; mw_msgs 0; time_jitter off; }';
  const conf = `listen 127.0.0.1:${port}; daemon off; srs_log_tank console; max_connections 100; pid ${dir}/srs.pid;`;
  await writeFile(join(dir, 'srs.conf'), `${conf} vhost __defaultVhost__ { ${play} }\n`);
  startProcess(t, srsBinary ?? '', ['-c', join(dir, 'srs.conf')], { cwd: dir });
  await eventually(() => accepts(port), { what: 'SRS listens' });
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

function openClient(t: TestScope, mode: 'play' | 'publish', url: string, onEvent: (e: ClientEvent) => void) {
  const target = parseRtmpUrl(url);
  const session = new RtmpClientSession({ mode, url: target });
  const socket = connect(target.port, target.host);
  const flush = () => {
    const output = session.takeOutput();
    if (output !== null) socket.write(output);
  };
  socket.on('connect', () => {
    session.start();
    flush();
  });
  socket.on('data', (data) => {
    for (const event of session.push(data)) onEvent(event);
    flush();
  });
  socket.on('error', () => undefined);
  onCleanup(t, () => {
    socket.destroy();
  });
  return { session, flush };
}

test('what is published to SRS is played from it byte for byte, at the same times', { skip }, async (t) => {
  const url = `rtmp://127.0.0.1:${await startSrs(t)}/live/livestream?k=v`;
  const source = new FlvReader().push(await readFile(sampleFlv)).filter((tag) => tag.typeId !== MessageType.dataAmf0);
  const tags = source.slice(0, 2000);
  const started = new Set<string>();
  const got: { typeId: number; timestamp: number; payload: Buffer }[] = [];

  const publisher = openClient(t, 'publish', url, (e) => started.add(`publish ${e.type}`));
  await eventually(() => started.has('publish started'), { what: 'SRS accepts the publisher' });
  openClient(t, 'play', url, (e) => {
    if (e.type === 'started') started.add('play started');
    for (const { typeId, timestamp, payload } of e.type === 'media' ? e.messages : []) {
      if (typeId !== MessageType.dataAmf0) got.push({ typeId, timestamp, payload: Buffer.from(payload) });
    }
  });
  await eventually(() => started.has('play started'), { what: 'SRS accepts the player' });
  for (let from = 0; from < tags.length; from += TAGS_PER_STEP) {
    const step = tags.slice(from, from + TAGS_PER_STEP);
    for (const tag of step) publisher.session.sendMedia({ ...tag, streamId: 0 });
    publisher.flush();
    await eventually(() => got.length >= from + step.length, { what: `${from + step.length} messages come` });
  }
  assert.deepEqual(got, tags);
});
