import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EdgeAnswer } from '@dolphin/cli/domain/edge-answer.js';
import { scaledSpec } from '@dolphin/cli/domain/scaled-spec.js';
import { sumUp } from '@dolphin/cli/domain/status.js';
import { type EdgeView, FarmSpec } from '@dolphin/protocol';
import { answerOf, answersTo, BY_MASTER, edgeView, farmView, NOW } from './samples.js';

const PORTS = { rtmp: 11936, http: 18079, api: 33329 };
const gone: EdgeAnswer = { answered: false, failure: 'unreachable', why: 'connect ECONNREFUSED' };

function statusWith(more: Partial<EdgeView>, answer: EdgeAnswer = answerOf(6000, [{ clients: 4 }])) {
  const own = { role: 'http', pid: 6000, ports: PORTS, api: 'http://127.0.0.1:33329' } as const;
  const http = edgeView(0, { ...own, clients: 4, ...more });
  const view = farmView({ edges: [edgeView('back-source'), edgeView(0), edgeView(1), http] });
  const answers = answersTo(view, { 1: answerOf(5001, [{ clients: 1 }]), 2: answerOf(5002, []), 3: answer });
  return sumUp(view, answers, { at: NOW, ...BY_MASTER });
}

test('viewers of an http edge are viewers, but it is none of the stream edges that serve', () => {
  const { totals, hosts, streams, level, problems } = statusWith({});
  assert.deepEqual([totals.clients, totals.serving, hosts[0]?.serving, hosts[0]?.clients], [5, 2, 2, 5]);
  assert.deepEqual([streams[0]?.clients, streams[0]?.edges], [5, 2]);
  assert.deepEqual([level, problems], ['serving', []]);
});

test('a farm whose http edge does not serve is degraded, though all stream edges do', () => {
  const { level, problems } = statusWith({ state: 'backing-off', pid: null }, gone);
  assert.equal(level, 'degraded');
  assert.deepEqual(problems, [{ about: 'h1 http-0', why: 'is backing-off', affects: 'serving' }]);
});

test('what its engine cannot do is said', () => {
  const { level, problems, edges } = statusWith({ shortcoming: 'an SRS has HLS only of some' });
  assert.equal(level, 'degraded');
  assert.deepEqual(problems, [{ about: 'h1 http-0', why: 'an SRS has HLS only of some', affects: 'serving' }]);
  assert.equal(edges[3]?.shortcoming, 'an SRS has HLS only of some');
});

test('scaling keeps it', () => {
  const spec = FarmSpec.parse({ edges: { perHost: 2, http: 1 }, origins: ['127.0.0.1:1935'] });
  assert.deepEqual(scaledSpec(spec, 6, 'total').edges, { total: 6, http: 1 });
});
