import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type HttpRequest, routeOf } from '@dolphin/edge/app/http-routes.js';
import { type AnswerFrame, answerHead, flvHead, textAnswer } from '@dolphin/edge/domain/http-answer.js';

const frame: AnswerFrame = { minor: 1, keepsAlive: true, crossDomain: false, server: 'x' };
const request: HttpRequest = { method: 'GET', path: '/a', query: '', host: '', address: '::1', header: () => '' };

describe('an HTTP answer', () => {
  it('says its length and whether the connection stays', () => {
    const answer = { status: 200, headers: { 'Content-Type': 'a/b' }, body: Buffer.from('12345') } as const;
    assert.equal(
      answerHead(answer, frame).toString(),
      'HTTP/1.1 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 5\r\nContent-Type: a/b\r\nServer: x\r\n\r\n',
    );
    assert.match(answerHead({ status: 200 }, { ...frame, keepsAlive: false }).toString(), /Connection: Close\r\n/);
    assert.doesNotMatch(answerHead({ status: 304 }, frame).toString(), /Content-Length/);
  });

  it('lets pages of other sites read it when they may', () => {
    const names = (frame: AnswerFrame) => [
      ...answerHead({ status: 200 }, frame)
        .toString()
        .matchAll(/Allow-(\w+)/g),
    ];
    assert.deepEqual(names(frame), []);
    assert.deepEqual(
      names({ ...frame, crossDomain: true }).map(([, name]) => name),
      ['Origin', 'Headers', 'Methods', 'Credentials'],
    );
  });

  it('of FLV is in chunks, but in HTTP/1.0, and to HEAD', () => {
    assert.match(flvHead(frame, 'GET').toString(), /^HTTP\/1\.1 200 OK\r\n(?:.*\r\n)*Transfer-Encoding: chunked\r\n/);
    assert.doesNotMatch(flvHead(frame, 'HEAD').toString(), /Transfer-Encoding|Content-Length/);
    const old = flvHead({ ...frame, minor: 0 }, 'GET').toString();
    assert.match(old, /^HTTP\/1\.0 200 OK\r\n/);
    assert.doesNotMatch(old, /Transfer-Encoding/);
  });

  it('is of the first route that knows the path, or 404', () => {
    const ok = textAnswer(200);
    const outcome = routeOf([() => null, () => ({ is: 'answer', answer: ok }), () => assert.fail()], request);
    assert.deepEqual(outcome, { is: 'answer', answer: ok });
    assert.deepEqual(routeOf([], request), { is: 'answer', answer: textAnswer(404) });
  });
});
