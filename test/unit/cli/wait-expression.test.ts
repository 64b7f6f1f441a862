import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { look, parseWait } from '@dolphin/cli/domain/wait-expression.js';
import fc from 'fast-check';
import { farmView, hostView } from './samples.js';

const view = farmView({
  hosts: [hostView({ ready: 2, clients: 5 }), hostView({ host: 'h2', ready: 0, clients: 0, cordoned: true })],
  totals: { hosts: 2, hostsUp: 2, desired: 4, ready: 2, clients: 5, kbitPerS: 0 },
});

function holds(text: string): boolean {
  const expression = parseWait(text);
  assert.ok(typeof expression !== 'string', String(expression));
  return look(expression, view).holds;
}

describe('an expression of wait', () => {
  it('compares numbers of the farm and of a host', () => {
    for (const text of [
      'ready>=2',
      'ready <= 2',
      'ready==2',
      'ready!=3',
      'ready>1',
      'ready<3',
      'h1.clients==5',
      'spec==2',
    ]) {
      assert.equal(holds(text), true, text);
    }
    for (const text of ['ready>=3', 'ready<2', 'ready==3', 'ready!=2', 'h2.ready>0'])
      assert.equal(holds(text), false, text);
  });

  it('knows what is so or not', () => {
    for (const text of ['settled', '!h1.cordoned', 'h2.cordoned', 'h1.up', '!h1.lost', '!h2.draining', 'led']) {
      assert.equal(holds(text), true, text);
    }
    assert.equal(holds('!settled'), false);
  });

  it('wants all of several', () => {
    assert.equal(holds('ready>=2, settled,h1.ready==2'), true);
    assert.equal(holds('ready>=2,settled,h2.ready==2'), false);
  });

  it('holds of no host that is not there, neither so nor not', () => {
    for (const text of ['h9.ready>=0', 'h9.up', '!h9.up', 'h9.clients==0']) assert.equal(holds(text), false, text);
    const expression = parseWait('h9.ready>=0');
    assert.deepEqual(typeof expression === 'string' || look(expression, view).values, { 'h9.ready': null });
  });

  it('says what is wrong with another', () => {
    for (const text of [
      '',
      ',',
      'ready',
      'settled>=1',
      '!ready>=1',
      'ready>=',
      'ready=>1',
      'toString',
      'h1.spec>=1',
      'a b',
    ]) {
      assert.equal(typeof parseWait(text), 'string', text);
    }
    assert.equal(typeof parseWait(Array(17).fill('settled').join(',')), 'string');
  });

  it('is read or refused, whatever is written', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        const expression = parseWait(text);
        if (typeof expression !== 'string') assert.equal(typeof look(expression, view).holds, 'boolean');
      }),
    );
  });

  it('of two opposites holds exactly one', () => {
    const pairs = [
      ['>=', '<'],
      ['<=', '>'],
      ['==', '!='],
    ] as const;
    fc.assert(
      fc.property(fc.constantFrom(...pairs), fc.nat(10), ([one, other], number) =>
        assert.notEqual(holds(`ready${one}${number}`), holds(`ready${other}${number}`)),
      ),
    );
  });
});
