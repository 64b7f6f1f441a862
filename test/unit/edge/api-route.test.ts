import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ApiRoute, jsonpCallback, routeApi } from '@dolphin/edge/domain/api-route.js';
import fc from 'fast-check';

const route = (target: string, method = 'GET'): ApiRoute => {
  const url = new URL(target, 'http://edge');
  return routeApi({ method, path: url.pathname, query: url.searchParams });
};

describe('the route of an API call', () => {
  it('is a row, a page or a kick, by method and path', () => {
    assert.deepEqual(route('/api/v1/streams/?start=5&count=3'), { do: 'list', table: 'streams', start: 5, count: 10 });
    assert.deepEqual(route('/api/v1/streams/a/b'), { do: 'show', table: 'streams', id: 'a/b', isAllowed: true });
    assert.deepEqual(route('/api/v1/streams/a', 'POST'), { do: 'show', table: 'streams', id: 'a', isAllowed: false });
    assert.deepEqual(route('/api/v1/vhosts/', 'DELETE'), { do: 'refuse' });
    assert.deepEqual(route('/api/v1/clients/a', 'DELETE'), { do: 'kick', id: 'a' });
    assert.deepEqual(route('/api/v1/clients/a?callback=f&method=DELETE'), { do: 'kick', id: 'a' });
  });

  it('takes a method from the query for JSONP alone', () => {
    assert.equal(route('/api/v1/clients/a?method=DELETE').do, 'show');
    assert.equal(route('/api/v1/clients/a?callback=f&method=nonsense').do, 'show');
  });

  it('keeps the query of what it redirects', () => {
    assert.deepEqual(route('/api/v1/clients?count=5'), {
      do: 'redirect',
      status: 302,
      to: '/api/v1/clients/?count=5',
    });
  });

  it('is the index above what it does not know', () => {
    for (const [path, of] of Object.entries({ '/x': 'root', '/api/x': 'api', '/api/v1/x': 'v1', '/apix': 'root' })) {
      assert.deepEqual(route(path), { do: 'index', of });
    }
  });

  it('is there for any request, and its pages are never smaller than ten', () => {
    const anyRequest = fc.record({
      method: fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE', 'BREW'),
      path: fc.oneof(
        fc.webPath(),
        fc.constantFrom('clients', 'streams', 'vhosts').map((name) => `/api/v1/${name}/`),
      ),
      query: fc.webQueryParameters().map((text) => new URLSearchParams(text)),
    });
    fc.assert(
      fc.property(anyRequest, fc.integer(), fc.integer(), (request, start, count) => {
        request.query.set('start', `${start}`);
        request.query.set('count', `${count}`);
        const found = routeApi(request);
        if (found.do !== 'list') return;
        assert.ok(found.start >= 0 && found.count >= 10);
      }),
    );
  });
});

describe('the function of a JSONP answer', () => {
  it('is a name, and never a script', () => {
    const name = (text: string) => jsonpCallback(new URLSearchParams({ callback: text }));
    assert.equal(name('jQuery.cb_1$'), 'jQuery.cb_1$');
    for (const bad of ['', 'alert(1)//', 'a b', 'x'.repeat(65), '<script>']) assert.equal(name(bad), null);
  });
});
