import assert from 'node:assert/strict';
import { streamOfUrl } from '@dolphin/edge/domain/flv-mount.js';
import { headerOf, MAX_HEAD_BYTES, parseHead } from '@dolphin/edge/domain/http-head.js';
import { readSettings } from '@dolphin/edge/domain/settings.js';
import { isPodMessage } from '@dolphin/edge/ipc/pod-message.js';
import { readFirstWords } from '@dolphin/pod/domain/first-words.js';
import { rewriteHead } from '@dolphin/pod/domain/http-head.js';
import { parseProxyV2 } from '@dolphin/pod/domain/proxy-v2.js';
import { EdgeMessage, PodMessage, PodToRelayMessage } from '@dolphin/protocol';
import { ConfError, type Directive, parseConf, printConf } from '@dolphin/srs';
import { fuzz } from '../../support/fuzz.js';

const requests = [
  'GET /live/livestream.flv HTTP/1.1\r\nHost: h:8080\r\nX-Real-IP: 192.0.2.1\r\nConnection: keep-alive\r\n\r\n',
  'GET http://h/live/s.flv?vhost=v&a=%2f HTTP/1.0\r\n\r\n',
  'POST /%c3%a9/s.flv HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\nTransfer-Encoding: chunked\r\n\r\nbody',
  'HEAD / HTTP/1.1\nHost: h\n\n',
  `GET /${'a/'.repeat(60)}s.flv HTTP/1.1\r\n${'X-A: b\r\n'.repeat(20)}\r\n`,
].map((text) => Buffer.from(text));

const CONF = `listen 1935; max_connections 1000; # c
vhost __defaultVhost__ { cluster { mode remote; origin 127.0.0.1:1935 "h:1" ; } play { mw_latency 350; queue_length 30; }
  http_remux { enabled on; mount [vhost]/[app]/[stream].flv; } }
http_server { enabled on; listen 127.0.0.1:8080; } http_api { enabled on; listen '1985'; raw_api { enabled on; } }
`;
const { settings } = readSettings(parseConf(CONF, 'edge.conf'));

fuzz("a request's head, for an edge: the same when it comes a byte later, and of bounded length", requests, (input) => {
  const whole = parseHead(input);
  if (whole.is !== 'head') return;
  const { head } = whole;
  assert.ok(head.bytes <= Math.min(input.length, MAX_HEAD_BYTES + 4));
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
  assert.equal(again.type, 'head');
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

const withoutPlace = (list: readonly Directive[]): unknown =>
  list.map(({ name, args, block }) => ({ name, args, ...(block && { block: withoutPlace(block) }) }));

fuzz(
  'a conf: ConfError or directives that are the same when they are printed, and settings of them',
  [Buffer.from(CONF)],
  (input) => {
    const conf = (read: () => void) => {
      try {
        read();
      } catch (error) {
        if (!(error instanceof ConfError)) throw error;
      }
    };
    conf(() => {
      const read = parseConf(input.toString('utf8'), 'edge.conf');
      conf(() => void readSettings(read));
      // A word that needs both kinds of quotes cannot have been read.
      assert.deepEqual(withoutPlace(parseConf(printConf(read), 'again')), withoutPlace(read));
    });
  },
);

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
