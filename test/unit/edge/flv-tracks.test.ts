import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GUESS_TRACKS, keptTracks, namedTracks } from '@dolphin/edge/domain/flv-tracks.js';
import { readSettings } from '@dolphin/edge/domain/settings.js';
import { encodeRtmpRun, FlvReader, flvHeader, flvOfRun, MessageType } from '@dolphin/media';
import { parseConf } from '@dolphin/srs';

const both = { audio: true, video: true };
const sound = { audio: true, video: false };
const ruleOf = (remux: string) =>
  readSettings(parseConf(`listen 1; vhost v { http_remux { ${remux} } }`, 'edge.conf')).settings.vhosts.get('v')!
    .flvTracks;

const CHUNK_SIZE = 4096;

describe('the tracks of an FLV player', () => {
  it('are those that are there, once they are known', () => {
    assert.deepEqual(ruleOf(''), GUESS_TRACKS);
    assert.equal(namedTracks(GUESS_TRACKS, sound, false), null);
    assert.deepEqual(namedTracks(GUESS_TRACKS, sound, true), sound);
    assert.equal(namedTracks(GUESS_TRACKS, { audio: false, video: false }, true), null);
  });

  it('are those of the conf where it does not guess', () => {
    const rule = ruleOf('guess_has_av off; has_video off;');
    assert.deepEqual(namedTracks(rule, both, false), sound);
    assert.equal(namedTracks(ruleOf('guess_has_av off; has_video off; has_audio off;'), both, true), null);
  });

  it('are all that a player is sent, if the conf does not say otherwise', () => {
    assert.equal(keptTracks(GUESS_TRACKS, both), 'all');
    assert.equal(keptTracks(GUESS_TRACKS, sound), 'audio');
    assert.equal(keptTracks(GUESS_TRACKS, { audio: false, video: true }), 'video');
    assert.equal(keptTracks(ruleOf('drop_if_not_match off;'), sound), 'all');
  });

  it('have their data with them', () => {
    const of = (typeId: number) => ({ typeId, timestamp: 0, streamId: 1, payload: Buffer.of(1) });
    const run = encodeRtmpRun([MessageType.dataAmf0, MessageType.video, MessageType.audio].map(of), CHUNK_SIZE);
    const head = flvHeader({ audio: true, video: true });
    const typesOf = (keep: 'audio' | 'video') =>
      new FlvReader().push(flvOfRun(run, CHUNK_SIZE, keep, { head }).raw).map(({ typeId }) => typeId);
    assert.deepEqual(typesOf('audio'), [MessageType.dataAmf0, MessageType.audio]);
    assert.deepEqual(typesOf('video'), [MessageType.dataAmf0, MessageType.video]);
  });
});
