import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseEdgeFlags } from '@dolphin/edge/domain/command-line.js';
import fc from 'fast-check';

const parse = (text: string) => parseEdgeFlags(text === '' ? [] : text.split(' '));

describe('the command line of an edge', () => {
  it('serves or tests the last conf that it names', () => {
    assert.deepEqual(parse('-c a'), { do: 'run', conf: 'a' });
    assert.deepEqual(parse('-c a -c b'), { do: 'run', conf: 'b' });
    for (const text of ['-t -c a', '-c a -t', '-tc a', '-h -t -c a']) {
      assert.deepEqual(parse(text), { do: 'test', conf: 'a' }, text);
    }
  });

  it('tells before it does anything', () => {
    for (const text of ['-v', '-V', '--version', '-v -c a', '-gv', '-g -v'])
      assert.equal(parse(text).do, 'version', text);
    for (const text of ['-g', '-G', '-c a -g']) assert.equal(parse(text).do, 'signature', text);
    for (const text of ['', '-h', '-?', '--help', 'a', '-v a', '-c a b']) assert.equal(parse(text).do, 'help', text);
  });

  it('refuses what it does not know, and a conf that is not there', () => {
    for (const text of ['-z', '-c', '-t', '-cfile', '-v -z', '-e', '-']) {
      assert.equal(parse(text).do, 'refuse', text);
    }
  });

  it('is understood or refused, whatever it is', () => {
    const words = fc.array(fc.oneof(fc.string(), fc.constantFrom('-c', '-t', '-v', '-', '--', '-e', 'f')));
    fc.assert(
      fc.property(words, (argv) => {
        const command = parseEdgeFlags(argv);
        if (command.do === 'run' || command.do === 'test') assert.ok(argv.includes(command.conf));
      }),
    );
  });
});
