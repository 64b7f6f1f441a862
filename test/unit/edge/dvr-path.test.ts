import assert from 'node:assert/strict';
import { normalize } from 'node:path/posix';
import { describe, it } from 'node:test';
import { dvrPath, finalPath } from '@dolphin/edge/domain/dvr-path.js';
import { isRecorded } from '@dolphin/edge/domain/dvr-settings.js';
import { readSettings } from '@dolphin/edge/domain/settings.js';
import { parseConf } from '@dolphin/srs';
import fc from 'fast-check';

const AT = { unixMs: 1_700_000_000_042, year: 2023, month: 1, day: 2, hour: 3, minute: 4, second: 5 };
const KEY = { vhost: 'a.com', app: 'live', stream: 's' };

const dvrOf = (text: string) => {
  const { settings, warnings } = readSettings(parseConf(`listen 1; vhost v { ${text} }`, 'edge.conf'));
  return { dvr: settings.vhosts.get('v')!.dvr, warnings: warnings.map(({ why }) => why) };
};

describe('the path of a recording', () => {
  it('is its template with the stream and the moment in it', () => {
    assert.equal(dvrPath('/d/[vhost]/[app]/[stream].[timestamp].flv', KEY, AT), '/d/a.com/live/s.1700000000042.flv');
    assert.equal(dvrPath('[2006]-[01]-[02]/[15].[04].[05].[999].[x].flv', KEY, AT), '2023-01-02/03.04.05.042.[x].flv');
    assert.equal(finalPath('/d/s.[duration].flv', 1234.4), '/d/s.1234.flv');
    assert.equal(dvrPath('../up/[stream].flv', KEY, AT), '../up/s.flv', 'the template may climb');
  });

  it('takes what a name looks like for a name', () => {
    assert.equal(
      dvrPath('[stream]-[app].flv', { ...KEY, stream: '[app][timestamp]' }, AT),
      '[app][timestamp]-live.flv',
    );
    assert.equal(dvrPath('[app]/[stream].flv', { ...KEY, app: 'a/b', stream: 'ä b' }, AT), 'a/b/ä b.flv');
  });

  it('is none where a name climbs, alone or with what stands beside it', () => {
    for (const name of ['..', '.', 'a/../b', '/etc', 'a/', 'a//b', '', 'a\0']) {
      for (const part of ['vhost', 'app', 'stream'] as const) {
        assert.equal(dvrPath('/d/[vhost]/[app]/[stream].flv', { ...KEY, [part]: name }, AT), null, `${part} ${name}`);
      }
    }
    assert.equal(dvrPath('/d/.[stream]/x.flv', { ...KEY, stream: '.x' }, AT), '/d/..x/x.flv');
    assert.equal(dvrPath('/d/[app][stream]/x.flv', { vhost: 'v', app: 'a/.', stream: './b' }, AT), null);
  });

  it('never leaves the directory, whatever the names are', () => {
    const name = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc
        .array(fc.constantFrom('..', '.', '/', 'a', '\\', '\0', '[app]', '[stream]'), { maxLength: 8 })
        .map((all) => all.join('')),
    );
    const template = fc.constantFrom(
      '/d/[app]/[stream].flv',
      '/d/[app][stream]/x.flv',
      '/d/.[stream].[app]/[vhost].flv',
    );
    fc.assert(
      fc.property(template, name, name, name, (path, vhost, app, stream) => {
        const made = dvrPath(path, { vhost, app, stream }, AT);
        if (made !== null) assert.ok(normalize(made).startsWith('/d/') && !made.includes('\0'), made);
      }),
    );
  });
});

describe('the settings of DVR', () => {
  it('have SRS’s defaults, where it is on', () => {
    assert.equal(dvrOf('dvr { }').dvr, null);
    assert.deepEqual(dvrOf('dvr { enabled on; }'), {
      dvr: {
        path: './objs/nginx/html/[app]/[stream].[timestamp].flv',
        plan: 'session',
        durationMs: 30_000,
        waitKeyFrame: true,
        zeroBased: true,
        apply: null,
      },
      warnings: [],
    });
    assert.equal(dvrOf('dvr { enabled on; dvr_path /rec; }').dvr?.path, '/rec/[stream].[timestamp].flv');
  });

  it('record all streams, or those that are named', () => {
    const key = { vhost: 'v', app: 'live', stream: 's' };
    const records = (apply: string) => {
      const { dvr } = dvrOf(`dvr { enabled on; ${apply} }`);
      return dvr !== null && isRecorded(dvr, key);
    };
    assert.ok(records('') && records('dvr_apply all;') && records('dvr_apply live/x live/s;'));
    assert.ok(!records('dvr_apply live/x;'));
  });

  it('refuse what would record nothing, and warn of what an edge leaves to its origin', () => {
    assert.throws(() => dvrOf('dvr { enabled on; dvr_path /rec/[stream].mp4; }'), /mp4 is not there yet/);
    assert.throws(() => dvrOf('dvr { enabled on; dvr_plan append; }'), /dvr_plan/);
    const remote = 'cluster { mode remote; origin o; } dvr { enabled on; dvr_plan segment; }';
    assert.deepEqual(dvrOf(remote).warnings, ['vhost v: dvr has no effect on an edge: its origin records']);
  });
});
