import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isReferred, securityRefusal } from '@dolphin/edge/domain/access-rules.js';
import { isInNetwork, parseCidr } from '@dolphin/edge/domain/cidr.js';
import { readSettings } from '@dolphin/edge/domain/settings.js';
import { ConfError, parseConf } from '@dolphin/srs';
import fc from 'fast-check';

const accessOf = (vhost: string) =>
  readSettings(parseConf(`listen 1; vhost a {\n${vhost} }`, 'edge.conf')).settings.vhosts.get('a')?.access ?? null;
const security = (rules: string) => accessOf(`security { enabled on; ${rules} }`)?.security ?? [];
const may = (rules: string, use: 'play' | 'publish', address: string) =>
  securityRefusal(security(rules), use, address) === null;

describe('security', () => {
  it('keeps everybody out when it has no rules, and all but the allowed when there is one that allows', () => {
    assert.equal(may('', 'play', '1.2.3.4'), false);
    assert.equal(may('allow play 1.2.3.4;', 'play', '1.2.3.4'), true);
    assert.equal(may('allow play 1.2.3.4;', 'play', '1.2.3.5'), false);
    // What one use allows keeps the other out.
    assert.equal(may('allow play all;', 'publish', '1.2.3.4'), false);
  });

  it('lets in whom no deny means when nothing is allowed by name', () => {
    assert.equal(may('deny play 1.2.3.4;', 'play', '1.2.3.5'), true);
    assert.equal(may('deny publish all;', 'play', '1.2.3.4'), true);
    assert.equal(may('deny publish all;', 'publish', '1.2.3.4'), false);
  });

  it('means networks, and no address of IPv6 by one of IPv4', () => {
    assert.equal(may('deny play 10.0.0.0/8;', 'play', '10.9.8.7'), false);
    assert.equal(may('deny play 10.0.0.0/8;', 'play', '11.0.0.1'), true);
    assert.equal(may('allow play 10.0.0.0/8;', 'play', '2001:db8::1'), false);
    assert.equal(may('allow play 2001:db8::1;', 'play', '2001:db8::1'), true);
  });

  it('denies whom a deny means, wherever it stands among the rules', () => {
    const address = fc.constantFrom('10.0.0.1', '10.0.0.2', '192.0.2.1', '::1');
    const of = fc.constantFrom('all', '10.0.0.1', '10.0.0.0/8', '192.0.2.0/24', '::1');
    const use = fc.constantFrom('play' as const, 'publish' as const);
    const rule = fc.tuple(fc.constantFrom('allow', 'deny'), use, of);
    fc.assert(
      fc.property(fc.array(rule), address, use, (rules, who, what) => {
        const read = security(rules.map((words) => `${words.join(' ')};`).join(' '));
        const means = (is: string) =>
          read.some((each) => each.is === is && securityRefusal([each], what, who) !== null);
        const isDenied = read.some((each) => each.is === 'deny') && means('deny');
        if (isDenied) assert.notEqual(securityRefusal(read, what, who), null);
        const reversed = [...read].reverse();
        assert.equal(securityRefusal(read, what, who), securityRefusal(reversed, what, who));
      }),
    );
  });

  it('is refused with its line where a rule means nobody', () => {
    const wrong = [
      'allow all;',
      'deny look all;',
      'deny play 10.0.0.0/33;',
      'deny play 10.0.0/8;',
      'deny play;',
      'deni play all;',
    ];
    for (const rule of wrong) {
      const why = (error: unknown) => error instanceof ConfError && error.line === 3;
      assert.throws(() => accessOf(`security { enabled on;\n${rule} }`), why, rule);
    }
    assert.equal(accessOf('security { enabled off; deny look all; }'), null);
    assert.throws(() => accessOf('security { enabled yes; }'), ConfError);
  });
});

describe('a network', () => {
  it('has the addresses whose first bits are its own', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const address = fc.tuple(byte, byte, byte, byte);
    const bitsOf = (parts: readonly number[]) => parts.map((part) => part.toString(2).padStart(8, '0')).join('');
    fc.assert(
      fc.property(address, address, fc.integer({ min: 1, max: 32 }), (network, other, bits) => {
        const cidr = parseCidr(`${network.join('.')}/${bits}`);
        assert.ok(cidr);
        assert.equal(isInNetwork(network.join('.'), cidr), true);
        const same = bitsOf(network).slice(0, bits) === bitsOf(other).slice(0, bits);
        assert.equal(isInNetwork(other.join('.'), cidr), same);
      }),
    );
  });
});

describe('refer', () => {
  it('looks at the end of the page’s domain', () => {
    const sites = ['example.com', 'other.org'];
    for (const page of ['http://example.com/live.html', 'https://www.example.com:8080/', 'other.org']) {
      assert.equal(isReferred(sites, page), true, page);
    }
    for (const page of ['', 'http://example.com.evil.net/', 'http://evil.net/example.com', 'http://example.org/']) {
      assert.equal(isReferred(sites, page), false, page);
    }
    assert.equal(isReferred(null, ''), true);
    assert.equal(isReferred([], 'http://example.com/'), false);
  });

  it('is the same in the form of 2015 and in that of 5.0', () => {
    const now = accessOf('refer { enabled on; all a.com b.com; play c.com; publish d.com; }');
    assert.deepEqual(accessOf('refer a.com b.com; refer_play c.com; refer_publish d.com;'), now);
    assert.deepEqual(now?.refer, { all: ['a.com', 'b.com'], play: ['c.com'], publish: ['d.com'] });
    assert.equal(accessOf('refer { all a.com; }'), null);
    assert.deepEqual(accessOf('refer { enabled on; }')?.refer, { all: null, play: null, publish: null });
  });
});
