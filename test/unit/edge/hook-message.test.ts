import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hookMessage, hookRefusal } from '@dolphin/edge/domain/hook-message.js';
import { readSettings } from '@dolphin/edge/domain/settings.js';
import { streamIdOf } from '@dolphin/edge/domain/stream-id.js';
import { ConfError, parseConf } from '@dolphin/srs';
import fc from 'fast-check';

const visitor = {
  id: 'c1',
  address: '192.0.2.1',
  over: 'rtmp',
  tcUrl: 'rtmp://h/live',
  pageUrl: 'p',
  swfUrl: '',
  args: {},
  hops: [],
} as const;
const subject = {
  server: { serverId: 'vid-1', serviceId: 's1' },
  visitor,
  key: { vhost: '__defaultVhost__', app: 'live', stream: 'a' },
  query: 'token=x',
  streamId: 'vid-2',
};

describe('a hook’s message', () => {
  it('has SRS’s fields, in its order', () => {
    const fields = (action: Parameters<typeof hookMessage>[0]) =>
      Object.keys(JSON.parse(hookMessage(action, subject))).join(' ');
    const head = 'server_id service_id action client_id ip vhost app';
    assert.equal(fields('on_connect'), `${head} stream param tcUrl pageUrl`);
    assert.equal(fields('on_close'), `${head} send_bytes recv_bytes`);
    assert.equal(fields('on_play'), `${head} stream tcUrl param pageUrl stream_url stream_id`);
    for (const action of ['on_publish', 'on_unpublish', 'on_stop'] as const) {
      assert.equal(fields(action), `${head} tcUrl stream param stream_url stream_id`);
    }
    const { param, stream_url: url } = JSON.parse(hookMessage('on_play', subject));
    assert.deepEqual([param, url], ['?token=x', '/live/a']);
  });
});

describe('a hook’s answer', () => {
  it('consents by 0 alone, or by an object whose code is 0', () => {
    for (const body of ['0', '{"code":0}', '{"code": 0, "data": "x"}']) {
      assert.equal(hookRefusal({ status: 200, body }), null, body);
      assert.equal(hookRefusal({ status: 201, body }), null, body);
      assert.notEqual(hookRefusal({ status: 204, body }), null);
    }
    const no = [
      '',
      '1',
      '0\n',
      '"0"',
      'null',
      '[]',
      '[0]',
      '{}',
      '{"code":1}',
      '{"code":"0"}',
      '{"code":null}',
      '<html>',
    ];
    for (const body of no) assert.notEqual(hookRefusal({ status: 200, body }), null, body);
    assert.equal(hookRefusal({ failed: 'ECONNREFUSED' }), 'ECONNREFUSED');
  });

  it('refuses, whatever else it is, and never throws', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), (body, status) => {
        const refusal = hookRefusal({ status, body });
        assert.equal(refusal === null, (status === 200 || status === 201) && body === '0');
      }),
    );
  });
});

describe('hooks in a conf', () => {
  const hooksOf = (text: string) =>
    readSettings(
      parseConf(`listen 1; vhost a { http_hooks { enabled on;\n${text} } }`, 'edge.conf'),
    ).settings.vhosts.get('a')?.access?.hooks;

  it('have several URLs each', () => {
    const hooks = hooksOf('on_play http://a/1 https://b:8443/2?x=y;');
    assert.deepEqual(hooks?.on_play, ['http://a/1', 'https://b:8443/2?x=y']);
    assert.deepEqual(hooks?.on_publish, []);
  });

  it('are refused with their line where they would not be called', () => {
    for (const text of [
      'on_dvr http://a/1;',
      'on_hls http://a/;',
      'on_plaz http://a/;',
      'on_play ftp://a/;',
      'on_play a/b;',
    ]) {
      assert.throws(
        () => hooksOf(text),
        (error: unknown) => error instanceof ConfError && error.line === 2,
        text,
      );
    }
  });
});

describe('a stream’s id', () => {
  it('is the same for one name in one life, and looks like SRS’s', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (seed, name, other) => {
        assert.match(streamIdOf(seed, name), /^vid-[0-9a-z]{7}$/);
        assert.equal(streamIdOf(seed, name), streamIdOf(seed, name));
        if (other !== name) assert.notEqual(streamIdOf(seed, name), streamIdOf(seed, other));
      }),
    );
  });
});
