import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ConfError,
  ConfView,
  type Directive,
  directive,
  loadConf,
  MAX_CONF_CHARS,
  MAX_CONF_DEPTH,
  parseConf,
  parseListen,
  printConf,
} from '@dolphin/srs';
import fc from 'fast-check';
import { anyCharacter } from '../../support/any-character.js';

interface Plain {
  name: string;
  args: string[];
  block?: Plain[];
}
const plain = (list: readonly Directive[]): Plain[] =>
  list.map(({ name, args, block }) => (block === undefined ? { name, args } : { name, args, block: plain(block) }));

const parsed = (text: string) => plain(parseConf(text, 'a.conf'));

/** The `file:line: why` of what fn throws. */
const confErrorOf = (fn: () => unknown): string => {
  try {
    fn();
  } catch (error) {
    assert.ok(error instanceof ConfError, String(error));
    assert.equal(error.message, `${error.file}:${error.line}: ${error.why}`);
    return error.message;
  }
  assert.fail('a ConfError was expected');
};

describe('the conf parser', () => {
  it('reads directives, blocks, quotes and comments as SRS does', () => {
    const text = [
      '# an edge',
      'listen 1936 127.0.0.1:1937; max_connections\t1000;',
      'vhost __defaultVhost__ { # open',
      '  cluster { mode remote; origin \'127.0.0.1:1935\' "a b;{#"; }',
      '  empty {}',
      '  path ./a#b"c};',
      '}',
    ].join('\r\n');
    assert.deepEqual(parsed(text), [
      { name: 'listen', args: ['1936', '127.0.0.1:1937'] },
      { name: 'max_connections', args: ['1000'] },
      {
        name: 'vhost',
        args: ['__defaultVhost__'],
        block: [
          {
            name: 'cluster',
            args: [],
            block: [
              { name: 'mode', args: ['remote'] },
              { name: 'origin', args: ['127.0.0.1:1935', 'a b;{#'] },
            ],
          },
          { name: 'empty', args: [], block: [] },
          { name: 'path', args: ['./a#b"c}'] },
        ],
      },
    ]);
  });

  it('reads the form of 2015: mode, origin and hstrs directly in the vhost', () => {
    const text = 'vhost v { mode remote; origin 127.0.0.1:1935; http_remux { enabled on; hstrs on; } }';
    assert.deepEqual(parsed(text)[0]?.block?.[1], { name: 'origin', args: ['127.0.0.1:1935'] });
  });

  it('takes an empty text, one of comments only, and a byte order mark', () => {
    assert.deepEqual(parsed(''), []);
    assert.deepEqual(parsed('  # nothing here'), []);
    assert.deepEqual(parsed('\uFEFFlisten 1935;'), [{ name: 'listen', args: ['1935'] }]);
  });

  it('gives each directive the line on which it begins', () => {
    const list = parseConf('a;\n"b\nb"\n 1; c\n{ d; }', 'x.conf');
    assert.deepEqual(
      list.map((item) => [item.name, item.file, item.line]),
      [
        ['a', 'x.conf', 1],
        ['b\nb', 'x.conf', 2],
        ['c', 'x.conf', 4],
      ],
    );
    assert.equal(list[2]?.block?.[0]?.line, 5);
  });

  for (const [text, message] of [
    ['listen 1935', 'a.conf:1: unexpected end of file, expecting ";" or "{"'],
    ['a;\nvhost v {\n b;\n', 'a.conf:4: unexpected end of file: "vhost" of line 2 lacks its "}"'],
    ['a;\n}', 'a.conf:2: unexpected "}"'],
    [';', 'a.conf:1: unexpected ";"'],
    ['\n{ a; }', 'a.conf:2: unexpected "{"'],
    ['vhost v { listen 1 }', 'a.conf:1: unexpected "}"'],
    ['a "b', 'a.conf:1: unexpected end of file, expecting "'],
    ['a "b"c;', 'a.conf:1: unexpected "c" after "'],
    ['"";', 'a.conf:1: unexpected ";"'],
    ['a;\nb \0;', 'a.conf:2: a NUL byte'],
    ['include a.conf { }', 'a.conf:1: include takes files, not a block'],
  ] as const) {
    it(`refuses ${JSON.stringify(text)} with file and line`, () => {
      assert.equal(
        confErrorOf(() => parseConf(text, 'a.conf')),
        message,
      );
    });
  }

  it('refuses a text that is too long, too deep, or of too many directives', () => {
    const deep = (levels: number) => `${'a {'.repeat(levels)}${'}'.repeat(levels)}`;
    assert.equal(parseConf(deep(MAX_CONF_DEPTH), 'a').length, 1);
    assert.match(
      confErrorOf(() => parseConf(deep(MAX_CONF_DEPTH + 1), 'a')),
      /nested deeper than 16/,
    );
    assert.match(
      confErrorOf(() => parseConf('#'.repeat(MAX_CONF_CHARS + 1), 'a')),
      /longer than/,
    );
    assert.match(
      confErrorOf(() => parseConf('a;'.repeat(50_001), 'a')),
      /more than 50000 directives/,
    );
  });

  it('gives a tree or a ConfError for any text', () => {
    const soup = fc
      .array(fc.constantFrom('a', 'include', ' ', '\n', ';', '{', '}', '"', "'", '#', '\0', '\\'), { maxLength: 40 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: anyCharacter }), soup), (text) => {
        try {
          const tree = parseConf(text, 'a');
          assert.deepEqual(parsed(printConf(tree)), plain(tree));
        } catch (error) {
          assert.ok(error instanceof ConfError, String(error));
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the conf printer', () => {
  const word = fc
    .oneof(
      fc.string({ minLength: 1, unit: anyCharacter }),
      fc.constantFrom('127.0.0.1:1935', '}', '#x', 'a b', "it's", '"'),
    )
    .filter((text) => !text.includes('\0') && !(text.includes('"') && text.includes("'")));
  const tree = fc.letrec<{ list: Plain[]; item: Plain }>((tie) => ({
    list: fc.array(tie('item'), { maxLength: 4, size: 'small' }),
    item: fc
      .tuple(word, fc.array(word, { maxLength: 3 }), fc.option(tie('list'), { nil: undefined, maxDepth: 6 }))
      .filter(([name, , block]) => name !== 'include' || block === undefined)
      .map(([name, args, block]) => (block === undefined ? { name, args } : { name, args, block })),
  })).list;
  const placed = (list: readonly Plain[]): Directive[] =>
    list.map(({ name, args, block }) => directive(name, args, block === undefined ? undefined : placed(block)));

  it('prints what the parser reads back as the same tree', () => {
    fc.assert(fc.property(tree, (list) => assert.deepEqual(parsed(printConf(placed(list))), list)));
  });

  it('prints one directive a line, blocks indented', () => {
    const list = [directive('listen', ['1935']), directive('vhost', ['v'], [directive('path', ['a b'])])];
    assert.equal(printConf(list), 'listen 1935;\nvhost v {\n    path "a b";\n}\n');
  });

  it('refuses a word that no text stands for', () => {
    for (const bad of ['', 'a\0b', `"'`, `a "b' c`]) {
      assert.throws(() => printConf([directive('a', [bad])]), ConfError, JSON.stringify(bad));
    }
  });
});

describe('include', () => {
  const files: Record<string, string> = {
    'main.conf': 'listen 1935;\ninclude a.conf b.conf;\nvhost v { include in-vhost.conf; }',
    'a.conf': 'daemon off;',
    'b.conf': '\npid x;',
    'in-vhost.conf': 'enabled on;\n broken',
    'self.conf': 'include other.conf;',
    'other.conf': '\ninclude self.conf;',
    'none.conf': 'include;',
    'missing.conf': 'a;\ninclude nowhere.conf;',
  };
  const read = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw new Error('no such file');
    return text;
  };

  it('puts the contents in its place, also inside a block, with their own file and line', () => {
    files['in-vhost.conf'] = 'enabled on;';
    const list = loadConf('main.conf', read);
    assert.deepEqual(
      list.map((item) => `${item.name} ${item.file}:${item.line}`),
      ['listen main.conf:1', 'daemon a.conf:1', 'pid b.conf:2', 'vhost main.conf:3'],
    );
    assert.deepEqual(plain(list[3]?.block ?? []), [{ name: 'enabled', args: ['on'] }]);
  });

  it('names the file and line of an error in an included file', () => {
    files['in-vhost.conf'] = 'enabled on;\n broken';
    assert.match(
      confErrorOf(() => loadConf('main.conf', read)),
      /^in-vhost\.conf:2: unexpected end of file/,
    );
  });

  it('refuses a circle, an include of nothing and a file that is not there, where they are asked for', () => {
    assert.equal(
      confErrorOf(() => loadConf('self.conf', read)),
      'other.conf:2: self.conf includes itself',
    );
    assert.equal(
      confErrorOf(() => loadConf('none.conf', read)),
      'none.conf:1: include names no file',
    );
    assert.equal(
      confErrorOf(() => loadConf('missing.conf', read)),
      'missing.conf:2: cannot read nowhere.conf: no such file',
    );
  });

  it('ends a bomb of includes', () => {
    const bomb = (path: string) => `include ${Array.from({ length: 10 }, (_, i) => `${path}${i}`).join(' ')};`;
    assert.match(
      confErrorOf(() => loadConf('b', (path) => (path.length < 6 ? bomb(path) : 'a;'))),
      /more than 256 includes/,
    );
  });
});

describe('a conf view', () => {
  const view = new ConfView(
    parseConf(
      'on_it on;\noff_it off;\nodd maybe;\nport 80;\nbig 70000;\nratio 0.35;\nword live;\nbare;\nvhost a { x 1; }\nvhost b { }',
      'v.conf',
    ),
  );

  it('gives typed values, and the default for what is missing', () => {
    assert.equal(view.onOff('on_it', false), true);
    assert.equal(view.onOff('off_it', true), false);
    assert.equal(view.onOff('nowhere', true), true);
    assert.equal(view.int('port', 0, { min: 1, max: 65535 }), 80);
    assert.equal(view.int('nowhere', 7), 7);
    assert.equal(view.number('ratio', 1), 0.35);
    assert.equal(view.string('word', ''), 'live');
    assert.equal(view.choice('word', ['live', 'dead'], 'dead'), 'live');
    assert.equal(view.block('vhost').int('x', 0), 1);
    assert.equal(view.block('nowhere').int('x', 5), 5);
    assert.deepEqual(
      view.blocks('vhost').map((vhost) => vhost.owner?.args[0]),
      ['a', 'b'],
    );
  });

  it('refuses wrong values with file and line', () => {
    assert.equal(
      confErrorOf(() => view.onOff('odd', true)),
      'v.conf:3: odd is on or off, not maybe',
    );
    assert.equal(
      confErrorOf(() => view.int('big', 0, { min: 1, max: 65535 })),
      'v.conf:5: big is a whole number from 1 to 65535, not 70000',
    );
    assert.match(
      confErrorOf(() => view.int('word', 0)),
      /^v\.conf:7: /,
    );
    assert.match(
      confErrorOf(() => view.choice('word', ['a'], 'a')),
      /^v\.conf:7: word is one of a, not live/,
    );
    assert.equal(
      confErrorOf(() => view.string('bare', '')),
      'v.conf:8: bare lacks its value',
    );
  });

  it('takes a listen apart', () => {
    assert.deepEqual(parseListen('1935'), { address: '', port: 1935 });
    assert.deepEqual(parseListen('127.0.0.1:1935'), { address: '127.0.0.1', port: 1935 });
    assert.deepEqual(parseListen('[::1]:1935'), { address: '::1', port: 1935 });
    for (const bad of ['', '0', '65536', '::1:1935', 'a:b', '[::1]', '1935x'])
      assert.equal(parseListen(bad), null, bad);
  });
});
