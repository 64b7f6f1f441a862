import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isAllowed, parseAccessRule, parseAccessRules } from '@dolphin/pod/domain/access-rules.js';
import { Admission, MAX_ADDRESS_BUCKETS } from '@dolphin/pod/domain/admission.js';
import { addressKey, isWithin, parseAddress, parsePrefix } from '@dolphin/pod/domain/ip-prefix.js';
import { CheckedLimits } from '@dolphin/pod/domain/limits-schema.js';
import { fullBucket, takeToken } from '@dolphin/pod/domain/token-bucket.js';
import fc from 'fast-check';

const within = (address: string, prefix: string) => {
  const [a, p] = [parseAddress(address), parsePrefix(prefix)];
  assert.ok(a !== null && p !== null);
  return isWithin(a, p);
};
const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 });
const toBits = (parts: number[], width: number) => parts.map((part) => part.toString(2).padStart(width, '0')).join('');
const limits = (over: object) => CheckedLimits.parse(over);
const nobody = { clients: 0, ofAddress: 0 };

describe('an address and a prefix', () => {
  it('match when their first bits do, whatever the bits, in IPv4', () => {
    const octets = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 });
    const near = fc.tuple(octets, fc.integer({ min: 0, max: 32 }), octets, fc.boolean());
    fc.assert(
      fc.property(near, ([base, bits, other, keep]) => {
        const prefix = toBits(base, 8).slice(0, bits).padEnd(32, '0');
        const address = (keep ? toBits(base, 8).slice(0, bits) : '') + toBits(other, 8).slice(keep ? bits : 0);
        const text = (all: string) => [0, 8, 16, 24].map((at) => Number.parseInt(all.slice(at, at + 8), 2)).join('.');
        assert.equal(within(text(address), `${text(prefix)}/${bits}`), address.startsWith(prefix.slice(0, bits)));
        assert.equal(
          within(`::ffff:${text(address)}`, `${text(prefix)}/${bits}`),
          within(text(address), `${text(prefix)}/${bits}`),
        );
      }),
    );
  });

  it('match when their first bits do, whatever the bits, in IPv6', () => {
    const near = fc.tuple(groups, fc.integer({ min: 0, max: 128 }), groups, fc.boolean());
    fc.assert(
      fc.property(near, ([base, bits, other, keep]) => {
        // Not ::ffff:0:0/96, which is IPv4.
        const [a, b] = [
          [0x2001, ...base.slice(1)],
          [0x2001, ...other.slice(1)],
        ];
        const prefix = toBits(a, 16).slice(0, bits).padEnd(128, '0');
        const address = (keep ? toBits(a, 16).slice(0, bits) : '') + toBits(b, 16).slice(keep ? bits : 0);
        const text = (all: string) =>
          Array.from({ length: 8 }, (_, at) => Number.parseInt(all.slice(at * 16, at * 16 + 16), 2).toString(16)).join(
            ':',
          );
        assert.equal(within(text(address), `${text(prefix)}/${bits}`), address.startsWith(prefix.slice(0, bits)));
      }),
    );
  });

  it('are read in every form they are written in', () => {
    assert.deepEqual(parseAddress('2001:db8::1'), parseAddress('2001:0DB8:0:0:0:0:0:1'));
    assert.deepEqual(parseAddress('::ffff:10.1.2.3'), parseAddress('10.1.2.3'));
    assert.deepEqual(parseAddress('fe80::1%eth0'), parseAddress('fe80::1'));
    assert.deepEqual(parsePrefix('::ffff:10.0.0.0/104'), parsePrefix('10.0.0.0/8'));
    assert.equal(within('10.1.2.3', '::/0'), false);
  });

  it('are refused when they are none', () => {
    for (const text of [
      '',
      '1.2.3',
      '1.2.3.256',
      '01.2.3.4',
      ':::',
      '1::2::3',
      '1:2:3:4:5:6:7',
      'g::',
      '1.2.3.4:80',
      '::1.2.3',
    ]) {
      assert.equal(parseAddress(text), null, text);
    }
    for (const text of [
      '10.0.0.0/33',
      '10.0.0.1/8',
      '10.0.0.0/',
      '10.0.0.0/08',
      '::/129',
      '::ffff:1.2.3.4/64',
      'all',
    ]) {
      assert.equal(parsePrefix(text), null, text);
    }
  });

  it('count as one for a /64 of IPv6', () => {
    assert.equal(addressKey('2001:db8:1:2::1'), addressKey('2001:db8:1:2:ffff::9'));
    assert.notEqual(addressKey('2001:db8:1:2::1'), addressKey('2001:db8:1:3::1'));
    assert.notEqual(addressKey('10.0.0.1'), addressKey('10.0.0.2'));
  });
});

describe('the rules of access', () => {
  it('go by the first that means the address; whom none means is allowed', () => {
    const rules = parseAccessRules(['allow 10.0.0.7', 'deny 10.0.0.0/8', 'deny 2001:db8::/32']);
    const seen = ['10.0.0.7', '10.0.0.8', '192.0.2.1', '2001:db8::5', '2001:db9::5', '::ffff:10.0.0.8'];
    assert.deepEqual(
      seen.map((address) => isAllowed(rules, address)),
      [true, false, true, false, true, false],
    );
    const only = parseAccessRules(['allow 10.0.0.0/8', 'deny all']);
    assert.deepEqual(
      ['10.9.9.9', '192.0.2.1', '::1', ''].map((address) => isAllowed(only, address)),
      [true, false, false, false],
    );
  });

  it('are refused with their place when they cannot be read', () => {
    for (const text of ['deny', 'block 10.0.0.0/8', 'deny 10.0.0.1/8', 'deny somebody', 'deny 10.0.0.1 10.0.0.2']) {
      assert.equal(parseAccessRule(text), null, text);
    }
    const parsed = CheckedLimits.safeParse({ access: ['deny all', 'deny x'] });
    assert.deepEqual(parsed.error?.issues[0]?.path, ['access', 1]);
  });
});

describe('the rate of new clients', () => {
  it('never lets in more than its rate and its burst allow, in any span of time', () => {
    const rate = fc.record({
      perS: fc.double({ min: 0.1, max: 1000, noNaN: true }),
      burst: fc.integer({ min: 1, max: 50 }),
    });
    const gaps = fc.array(fc.double({ min: 0, max: 400, noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(rate, gaps, (its, waits) => {
        let now = 0;
        let bucket = fullBucket(its, now);
        const admittedAt: number[] = [];
        for (const wait of waits) {
          now += wait;
          const step = takeToken(bucket, its, now);
          bucket = step.bucket;
          if (step.taken) admittedAt.push(now);
        }
        for (const [first, from] of admittedAt.entries()) {
          for (const [last, to] of admittedAt.entries()) {
            if (last < first) continue;
            assert.ok(last - first + 1 <= its.burst + ((to - from) * its.perS) / 1000 + 1e-6);
          }
        }
      }),
    );
  });
});

describe('admission', () => {
  it('refuses for the first reason that holds, one address before all', () => {
    const admission = new Admission(limits({ clients: 2, clientsPerAddress: 1, access: ['deny 10.0.0.0/8'] }));
    assert.equal(admission.refusal('10.0.0.1', 0, nobody), 'denied');
    assert.equal(admission.refusal('192.0.2.1', 0, { clients: 9, ofAddress: 1 }), 'limit-address');
    assert.equal(admission.refusal('192.0.2.1', 0, { clients: 2, ofAddress: 0 }), 'limit-clients');
    assert.equal(admission.refusal('192.0.2.1', 0, { clients: 1, ofAddress: 0 }), null);
    admission.change(limits({}));
    assert.equal(admission.refusal('10.0.0.1', 0, { clients: 1e6, ofAddress: 1e6 }), null);
  });

  it('does not let the burst of one address use up what is there for all', () => {
    const rate = { perS: 10, burst: 10 };
    const admission = new Admission(limits({ accepts: rate, acceptsPerAddress: { perS: 1, burst: 2 } }));
    const burst = Array.from({ length: 1000 }, () => admission.refusal('192.0.2.66', 0, nobody));
    assert.equal(burst.filter((refusal) => refusal === null).length, 2);
    assert.ok(burst.slice(2).every((refusal) => refusal === 'limit-address-rate'));
    for (let i = 0; i < 8; i++) assert.equal(admission.refusal(`198.51.100.${i}`, 0, nobody), null);
    assert.equal(admission.refusal('198.51.100.99', 0, nobody), 'limit-rate');
    assert.equal(admission.refusal('198.51.100.99', 1000, nobody), null);
  });

  it('remembers so many addresses and no more', () => {
    const admission = new Admission(limits({ acceptsPerAddress: { perS: 0.01, burst: 1 } }));
    const address = (i: number) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
    for (let i = 0; i <= MAX_ADDRESS_BUCKETS; i++) assert.equal(admission.refusal(address(i), 0, nobody), null);
    assert.equal(admission.refusal(address(MAX_ADDRESS_BUCKETS), 0, nobody), 'limit-address-rate');
    assert.equal(admission.refusal(address(0), 0, nobody), null, 'the one not heard of for longest is forgotten');
  });
});
