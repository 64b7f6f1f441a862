import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { TestFarm } from '../support/farm.js';
import { assertContiguousRun, publishFile, sourcePackets, startRecording } from '../support/media.js';

/** Long enough that a late joiner's run of 10 s still ends inside the 64 s of the source. */
const LATE_AFTER_PACKETS = 150;

describe('video through the public ports', { concurrency: true }, () => {
  for (const mode of ['auto', 'relay'] as const) {
    const way = mode === 'auto' ? 'hand-off' : 'relay';
    it(`reaches early and late players packet for packet over RTMP and FLV, by ${way}`, async (t) => {
      const [farm, source] = await Promise.all([TestFarm.start(t, { edges: 2, mode }), sourcePackets(t)]);
      const transports = (await farm.streamEdges()).map((edge) => edge.transport);
      assert.deepEqual(transports, [way, way]);

      const early = {
        rtmp: startRecording(t, farm.rtmpUrl, { seconds: 12 }),
        flv: startRecording(t, farm.flvUrl, { seconds: 12 }),
      };
      publishFile(t, farm.rtmpUrl);
      await eventually(() => early.rtmp.soFar().video.length > LATE_AFTER_PACKETS, {
        what: 'the early player has 6 s',
      });
      const late = {
        rtmp: startRecording(t, farm.rtmpUrl, { seconds: 12 }),
        flv: startRecording(t, farm.flvUrl, { seconds: 12 }),
      };
      const origin = startRecording(t, farm.originUrl, { seconds: 11 });

      const run = async (what: string, recording: { done: ReturnType<typeof startRecording>['done'] }) => {
        const received = await recording.done;
        try {
          return assertContiguousRun(received, source, { what });
        } catch (error) {
          throw new Error(`${what}: ffmpeg exit ${received.code}: ${received.stderr}`, { cause: error });
        }
      };
      await run('early RTMP player', early.rtmp);
      await run('early FLV player', early.flv);
      await run('player at the origin, of what was published through the public port', origin);
      for (const [what, recording] of Object.entries(late)) {
        const { videoStart } = await run(`late ${what} player`, recording);
        assert.ok(videoStart > 0, 'the late player joined late');
      }
    });
  }
});
