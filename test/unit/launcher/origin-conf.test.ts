import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layoutOf } from '@dolphin/launcher/domain/layout.js';
import { originConf } from '@dolphin/launcher/domain/origin-conf.js';
import { findDirective, parseConf, printConf } from '@dolphin/srs';

const layout = layoutOf({ listen: undefined, portBase: 21_000, ports: {} });

test('ports, daemon and log are ours; everything else is as it stands in the conf', () => {
  const conf = `listen 0.0.0.0:1935; daemon on; srs_log_tank file; chunk_size 60000;
    http_api { enabled off; listen 1985; raw_api { enabled on; } }
    vhost __defaultVhost__ { play { gop_cache on; } }`;
  const made = parseConf(printConf(originConf(parseConf(conf, 'x.conf'), layout)), 'made');
  assert.deepEqual(findDirective(made, 'listen')?.args, ['127.0.0.1:21005']);
  assert.deepEqual(findDirective(made, 'daemon')?.args, ['off']);
  assert.deepEqual(findDirective(made, 'srs_log_tank')?.args, ['console']);
  const api = findDirective(made, 'http_api')?.block;
  assert.deepEqual(findDirective(api, 'enabled')?.args, ['on']);
  assert.deepEqual(findDirective(api, 'listen')?.args, ['127.0.0.1:21007']);
  assert.ok(findDirective(api, 'raw_api'));
  assert.deepEqual(findDirective(made, 'chunk_size')?.args, ['60000']);
  assert.ok(findDirective(made, 'vhost'));
  assert.equal(made.filter(({ name }) => name === 'listen').length, 1);
});

test('servers that the conf does not name are there all the same', () => {
  const made = originConf([], layout);
  assert.deepEqual(findDirective(findDirective(made, 'http_server')?.block, 'listen')?.args, ['127.0.0.1:21006']);
});
