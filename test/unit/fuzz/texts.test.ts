import assert from 'node:assert/strict';
import { jsonpCallback, routeApi } from '@dolphin/edge/domain/api-route.js';
import { streamOfUrl } from '@dolphin/edge/domain/flv-mount.js';
import { hlsAddressOf, segmentAddresses, tokenAddress, tokenOf } from '@dolphin/edge/domain/hls-address.js';
import { hookRefusal } from '@dolphin/edge/domain/hook-message.js';
import { headerOf, MAX_HEAD_BYTES, parseHead } from '@dolphin/edge/domain/http-head.js';
import { readSettings } from '@dolphin/edge/domain/settings.js';
import { isPodMessage } from '@dolphin/edge/ipc/pod-message.js';
import { readFirstWords } from '@dolphin/pod/domain/first-words.js';
import { rewriteHead } from '@dolphin/pod/domain/http-head.js';
import { parseProxyV2 } from '@dolphin/pod/domain/proxy-v2.js';
import { EdgeMessage, PodMessage, PodToRelayMessage } from '@dolphin/protocol';
import { parseConf } from '@dolphin/srs';
import { fuzz } from '../../support/fuzz.js';
import { pick } from '../../support/fuzz-mutate.js';

const requests = [
  'GET /live/livestream.flv HTTP/1.1\r\nHost: h:8080\r\nX-Real-IP: 192.0.2.1\r\nConnection: keep-alive\r\n\r\n',
  'GET http://h/live/s.flv?vhost=v&a=%2f HTTP/1.0\r\n\r\n',
  'POST /%c3%a9/s.flv HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\nTransfer-Encoding: chunked\r\n\r\nbody',
  'HEAD / HTTP/1.1\nHost: h\n\n',
  `GET /${'a/'.repeat(60)}s.flv HTTP/1.1\r\n${'X-A: b\r\n'.repeat(20)}\r\n`,
  `GET / HTTP/1.1\r\nX-A: ${'a'.repeat(MAX_HEAD_BYTES)}\r\n\r\n`,
].map((text) => Buffer.from(text));

const CONF = `listen 1935; vhost __defaultVhost__ { hls { enabled on; } http_remux { enabled on; } }
vhost v { hls { enabled on; hls_entry_prefix http://c/; } http_remux { enabled on; mount /[app]/[stream].flv; } }
`;
const { settings } = readSettings(parseConf(CONF, 'edge.conf'));

fuzz("a request's head, for an edge: the same when it comes a byte later, and of bounded length", requests, (input) => {
  const whole = parseHead(input);
  if (whole.is !== 'head') return;
  const { head } = whole;
  assert.ok(head.bytes <= Math.min(input.length, MAX_HEAD_BYTES));
  assert.equal(parseHead(input.subarray(0, head.bytes - 1)).is, 'more');
  assert.deepEqual(parseHead(input.subarray(0, head.bytes)), whole);
  headerOf(head, 'x-real-ip');
  const found = streamOfUrl(settings, head, () => true);
  if (found !== null) assert.ok(found.key.stream.length + found.key.app.length <= 512);
});

fuzz("a request's head, for a relay: what goes on can be read again, and tells one address", requests, (input) => {
  const whole = rewriteHead(input, '192.0.2.7');
  if (whole.type !== 'head') return;
  assert.ok(whole.bytes <= input.length);
  const again = rewriteHead(whole.forward, '192.0.2.7');
  // By what is added it may become longer than an edge takes, which then says so.
  if (whole.forward.length > MAX_HEAD_BYTES) assert.equal(again.type === 'bad' && again.status, 431);
  else assert.equal(again.type, 'head');
  const lines = whole.forward.toString('latin1').split('\r\n');
  const told = lines.filter((line) => /^x[-_]real[-_]ip\s*:/i.test(line));
  assert.deepEqual(told, ['X-Real-IP: 192.0.2.7']);
  if (again.type === 'head') assert.deepEqual(again.forward, whole.forward);
});

const signature = '0d0a0d0a000d0a515549540a';
const proxyHeaders = [
  `${signature}2111000cc0000201c000020204d20050`,
  `${signature}20000000`,
  `${signature}21210024${'20010db8'.repeat(8)}04d20050`,
  `${signature}21210024${'00'.repeat(10)}ffffc0000201${'00'.repeat(15)}0104d20050`,
  `${signature}21210024${'20010db8'}${'00'.repeat(11)}01${'00'.repeat(15)}0104d20050`,
  `${signature}2111001bc0000201c000020204d200500300047a7a7a7a0400050102030405`,
].map((hex) => Buffer.from(hex, 'hex'));

fuzz('a PROXY header: an answer that more bytes do not change', proxyHeaders, (input) => {
  const whole = parseProxyV2(input);
  if (whole.type === 'more') return;
  assert.deepEqual(parseProxyV2(Buffer.concat([input, Buffer.alloc(700)])), whole);
  if (whole.type === 'header') assert.ok(whole.bytes <= input.length);
});

const firstWords = proxyHeaders.flatMap((header) => requests.map((request) => Buffer.concat([header, request])));

fuzz("a client's first words, for a pod: no byte of them is lost", [...firstWords, ...requests], (input, random) => {
  const wanted = { proxyHeader: random() < 0.5, stream: random() < 0.5, vhosts: new Set(['v']) };
  const words = readFirstWords(input, wanted);
  if (words.type === 'known') assert.ok(input.subarray(input.length - words.head.length).equals(words.head));
});

const paths = [
  '/live/s.m3u8',
  '/live/s.m3u8?hls_ctx=abcd1234&vhost=v&token=t',
  '/live/sub/s-12.ts?hls_ctx=abcd1234',
  '/api/v1/clients/7?start=2&count=3&method=DELETE&callback=x',
  '/api/v1/streams/?start=2&count=3',
  '/api/v1/vhosts/',
  '/api/v1/summaries?x=y',
  '/api/v1/tests/errors',
  '/api/v1/clients?a=b',
  '/api/v1/raw?rpc=reload',
  '/api/v1/clusters?ip=1&vhost=v&app=live&stream=s',
  '/v/live/s.flv',
].map((path) => Buffer.from(path));

fuzz('a path: an address of HLS or none, and an answer of the API, of bounded length', paths, (input, random) => {
  const text = input.toString(random() < 0.5 ? 'utf8' : 'latin1');
  const [path = '', query = ''] = text.split('?', 2);
  const address = hlsAddressOf(settings, { host: pick(random, ['h', 'v', '']), path, query });
  if (address !== null) {
    const { segment, key } = address;
    assert.ok(segment === null || Number.isSafeInteger(segment));
    assert.ok(key.app.length + key.stream.length <= path.length);
    const token = tokenOf(query);
    const playlist = tokenAddress(path, query, token ?? 'abcd1234');
    assert.ok(playlist.length <= 20 + 9 * text.length);
    assert.ok(segmentAddresses(address, query, token)(7).length <= 100 + 9 * text.length);
  }
  const route = routeApi({
    method: pick(random, ['GET', 'POST', 'DELETE', 'OPTIONS']),
    path,
    query: new URLSearchParams(query),
  });
  if (route.do === 'redirect') assert.ok(route.to.startsWith('/'), route.to);
  if (route.do === 'list') assert.ok(route.start >= 0 && route.count > 0);
  const callback = jsonpCallback(new URLSearchParams(query));
  assert.match(callback ?? 'none', /^[\w$.]+$/);
});

const bodies = ['0', '{"code":0}', '{"code":1,"msg":"no"}', '[{"code":0}]', ' 0', 'null'].map((text) =>
  Buffer.from(text),
);

fuzz("a hook's answer: consent is 0, or an object whose code is", bodies, (input) => {
  const body = input.toString('utf8');
  if (hookRefusal({ status: 200, body }) !== null) return;
  assert.ok(body === '0' || (JSON.parse(body) as { code: unknown }).code === 0);
  assert.notEqual(hookRefusal({ status: 500, body }), null);
});

const messages = [
  { type: 'take', id: 7, protocol: 'rtmp', head: 'AwAA', address: '192.0.2.7' },
  {
    type: 'take',
    id: 8,
    protocol: 'http',
    address: '2001:db8::7',
    targets: [{ edge: 'stream-1', host: 'h', port: 1936 }],
  },
  { type: 'close', ids: [1, 2, 3], why: 'kicked' },
  { type: 'count', ask: 1, ids: [] },
  { type: 'hello', takes: ['rtmp', 'http'], version: '1.2.3' },
  { type: 'left', clients: [{ id: 1, end: 'client-left', sentBytes: 1, receivedBytes: 2 }] },
  { type: 'uses', clients: [{ id: 1, stream: '/live/s', use: 'play' }] },
  { type: 'beat', clients: 1, streams: 2, sentBytes: 3, receivedBytes: 4 },
].map((message) => Buffer.from(JSON.stringify(message)));

fuzz("a pod's and an edge's messages: an edge reads what the schema reads, and no schema throws", messages, (input) => {
  let value: unknown = input.toString('utf8');
  try {
    value = JSON.parse(value as string);
  } catch {
    // The channel gives values, never texts that are no JSON: this one stands for a text.
  }
  assert.equal(isPodMessage(value), PodMessage.safeParse(value).success);
  EdgeMessage.safeParse(value);
  PodToRelayMessage.safeParse(value);
});
