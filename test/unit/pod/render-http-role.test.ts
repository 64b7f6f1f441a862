import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type EdgeToRender, renderEdgeConf } from '@dolphin/pod/domain/render-conf.js';
import { ConfView, type Directive, parseConf, printConf } from '@dolphin/srs';

const http: EdgeToRender = {
  role: 'http',
  slot: 0,
  ports: { rtmp: 11936, http: 18079, api: 33329 },
  privateAddress: '127.0.0.1',
  origins: ['127.0.0.1:11935'],
  upstream: 'back-source',
  serverId: 'dolphin-h1-http-0',
  clients: 1000,
  dialect: 'srs5',
};
const render = (text: string) => {
  const { conf, warnings } = renderEdgeConf(parseConf(text, 'user.conf'), http);
  return { view: new ConfView(conf), vhost: new ConfView(conf).block('vhost'), warnings };
};
const printed = (list: readonly Directive[]) => printConf(list);

describe('the conf of an http edge', () => {
  it('serves HLS in short segments where the user says nothing of it, below its own directory, and FLV beside it', () => {
    const { view, vhost, warnings } = render('http_server { enabled on; dir /srv/www; crossdomain off; }');
    assert.deepEqual(warnings, []);
    assert.equal(
      printed(vhost.block('hls').directives),
      'enabled on;\nhls_fragment 2;\nhls_window 30;\nhls_path ./objs/nginx/html;\n',
    );
    assert.equal(vhost.block('http_remux').string('mount', ''), '[vhost]/[app]/[stream].flv');
    assert.deepEqual(vhost.block('cluster').strings('origin'), ['127.0.0.1:11935']);
    const server = view.block('http_server');
    assert.deepEqual([server.string('listen', ''), server.string('dir', '')], ['127.0.0.1:18079', './objs/nginx/html']);
    assert.equal(server.string('crossdomain', ''), 'off');
  });

  it('keeps what the user wants of HLS, also that there is none, and what restricts access', () => {
    const { vhost, warnings } = render(
      `vhost v {
         hls { enabled off; hls_fragment 4; hls_path /var/hls; hls_m3u8_file [app]/[stream]/index.m3u8; }
         dvr { enabled on; } security { enabled on; } refer { enabled on; } http_hooks { enabled on; }
       }`,
    );
    assert.deepEqual(warnings, ['user.conf:3: dvr has no place on an edge: dropped']);
    assert.equal(
      printed(vhost.block('hls').directives),
      'enabled off;\nhls_fragment 4;\nhls_m3u8_file [app]/[stream]/index.m3u8;\nhls_path ./objs/nginx/html;\n',
    );
    for (const name of ['security', 'refer', 'http_hooks']) assert.ok(vhost.has(name), name);
  });
});
