import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  SrsAnswer,
  SrsClients,
  SrsIndex,
  SrsReloadState,
  SrsSelfProcStats,
  SrsStreams,
  SrsSummaries,
  SrsVersions,
  SrsVhosts,
  streamUrl,
} from '@dolphin/srs';
import type { z } from 'zod';

const data = join(import.meta.dirname, '../../../data');

/** What is asked of SRS; the other samples are held against what every answer has. */
const shapes: Record<string, z.ZodType> = {
  versions: SrsVersions,
  summaries: SrsSummaries,
  edge_summaries: SrsSummaries,
  vhosts: SrsVhosts,
  edge_vhosts: SrsVhosts,
  streams: SrsStreams,
  edge_streams: SrsStreams,
  clients: SrsClients,
  edge_clients: SrsClients,
  self_proc_stats: SrsSelfProcStats,
  api_root: SrsIndex,
  api_v1: SrsIndex,
  'raw_rpc_reload-fetch': SrsReloadState,
};

/** Ids are numbers in SRS 2 and strings here. */
const withTextIds = (value: unknown, key = ''): unknown => {
  if (Array.isArray(value)) return value.map((item) => withTextIds(item));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withTextIds(item, name)]));
  }
  const isId = ['id', 'cid', 'server', 'vhost', 'stream'].includes(key);
  return isId && typeof value === 'number' ? String(value) : value;
};

for (const version of ['srs5-api', 'srs2-api']) {
  describe(`the shapes of the answers in ${version}`, () => {
    const files = readdirSync(join(data, version)).filter((file) => file.endsWith('.json'));
    assert.ok(files.length >= 12);
    for (const file of files) {
      it(`take ${file} and lose nothing of what they name`, () => {
        const json: unknown = JSON.parse(readFileSync(join(data, version, file), 'utf8'));
        const shape = shapes[file.replace('.json', '')];
        if (shape === undefined) SrsAnswer.parse(json);
        else assert.deepEqual(shape.parse(json), withTextIds(json));
      });
    }
  });
}

describe('the shapes', () => {
  const sample = (path: string): unknown => JSON.parse(readFileSync(join(data, path), 'utf8'));

  it('give one url for a stream in both versions, so that processes can be summed up', () => {
    assert.deepEqual(SrsStreams.parse(sample('srs5-api/streams.json')).streams.map(streamUrl), [
      '/live/livestream',
      '/live/low',
    ]);
    assert.deepEqual(SrsStreams.parse(sample('srs2-api/streams.json')).streams.map(streamUrl), ['/live/livestream']);
  });

  it('take a stream that nobody publishes yet', () => {
    const { streams, ...rest } = SrsStreams.parse(sample('srs5-api/streams.json'));
    const waiting = { ...streams[0], publish: { active: false }, video: null, audio: null };
    assert.equal(SrsStreams.parse({ ...rest, streams: [waiting] }).streams[0]?.publish.active, false);
  });

  it('tolerate fields that a newer version adds', () => {
    const json = sample('srs5-api/versions.json') as { data: object };
    assert.equal(SrsVersions.safeParse({ ...json, more: 1, data: { ...json.data, more: 1 } }).success, true);
  });
});
