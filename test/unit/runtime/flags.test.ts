import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseFlags, UsageError } from '@dolphin/runtime';

const specs = {
  conf: { type: 'string', short: 'c', required: true },
  rtmp: { type: 'string' },
  relays: { type: 'int' },
  engine: { type: 'string', multiple: true },
  port: { type: 'int', multiple: true, short: 'p' },
  test: { type: 'boolean', short: 't' },
} as const;

const why = (argv: string[], options?: { positionals?: boolean }) => {
  try {
    parseFlags(argv, specs, options);
  } catch (error) {
    assert.ok(error instanceof UsageError);
    assert.equal(error.exit, 64);
    return error.message;
  }
  return 'no error';
};

describe('flags', () => {
  it('are read by name and by letter, with numbers as numbers and repeated ones as lists', () => {
    const argv = ['-c', 'a.conf', '--relays', '2', '--engine=a=/x', '--engine', 'b=/y', '-p', '1', '-p', '2', '-t'];
    const { flags } = parseFlags(argv, specs);
    assert.deepEqual(flags, {
      conf: 'a.conf',
      rtmp: undefined,
      relays: 2,
      engine: ['a=/x', 'b=/y'],
      port: [1, 2],
      test: true,
    });
    const relays: number | undefined = flags.relays;
    const conf: string = flags.conf;
    assert.deepEqual([relays, conf], [2, 'a.conf']);
  });

  it('are refused with what is wrong when they are unknown, incomplete or no number', () => {
    assert.match(why(['--nope']), /--nope/);
    assert.match(why(['-x']), /-x/);
    assert.match(why(['--conf']), /--conf/);
    assert.equal(why([]), '--conf is missing');
    for (const bad of ['x', '-1', '1.5', '1e3', '', '99999999999999999']) {
      assert.match(why(['-c', 'a', `--relays=${bad}`]), /--relays wants a whole number/, bad);
    }
    assert.match(why(['-c', 'a', '-p', '1', '-p', 'q']), /^-p wants a whole number, not "q"$/);
    assert.match(why(['-c', 'a', '--test=yes']), /test/);
  });

  it('are named as they were typed when their value is missing, or looks like a flag', () => {
    assert.equal(why(['-c', 'a', '--relays', '-1']), '--relays wants a whole number, not "-1"');
    assert.equal(why(['-c', 'a', '-p', '-1']), '-p wants a whole number, not "-1"');
    assert.equal(why(['-c', 'a', '--port', '-1']), '--port wants a whole number, not "-1"');
    assert.equal(why(['--conf', '--rtmp', 'a']), '--conf wants a value, not "--rtmp"');
    assert.equal(why(['-c']), '-c wants a value');
    assert.equal(why(['-c', 'a', '-p']), '-p wants a whole number');
  });

  it('leave other words to those who want them', () => {
    assert.match(why(['-c', 'a', 'word']), /word/);
    assert.deepEqual(parseFlags(['-c', 'a', 'word'], specs, { positionals: true }).positionals, ['word']);
    assert.deepEqual(parseFlags(['-c', 'a', '--', '--rtmp'], specs, { positionals: true }).positionals, ['--rtmp']);
  });
});
