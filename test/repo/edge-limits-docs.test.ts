import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRepo } from './workspace.js';

interface Limit {
  readonly name: string;
  readonly value: string;
  readonly file: string;
}

const page = readRepo('docs/reference/edge.md');

function limits(): Limit[] {
  const section = /\n## Limits\n(.*?)(?=\n## |$)/s.exec(page)?.[1] ?? '';
  return [...section.matchAll(/^\| `(\w+)` \| ([^|]+) \| [^|]+ \| `([^`]+)` \|$/gm)].map(
    ([, name = '', value = '', file = '']) => ({ name, value, file }),
  );
}

const UNITS: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 * 1024, s: 1000 };

/** `4 MiB` in bytes, `10 s` in milliseconds, `1,000` as it is. */
function numberOf(value: string): number {
  const [, digits = '', unit] = /^([\d,]+)(?: (\w+))?$/.exec(value) ?? [];
  return Number(digits.replaceAll(',', '')) * (unit === undefined ? 1 : (UNITS[unit] ?? Number.NaN));
}

/** What a source says that a name is: a product of numbers and of names that it says likewise. */
function valueIn(source: string, name: string): number {
  const said = new RegExp(`(?:const ${name} =|^ {2}${name}:) ([\\dA-Z][\\w *]*)[;,]`, 'm').exec(source)?.[1] ?? '';
  const factors = said.split('*').map((factor) => factor.trim().replace(/(?<=\d)_(?=\d)/g, ''));
  return factors.reduce((product, factor) => {
    if (/^\d+$/.test(factor)) return product * Number(factor);
    return /^[A-Z_]+$/.test(factor) ? product * valueIn(source, factor) : Number.NaN;
  }, 1);
}

test('the limits of an edge have the values that docs/reference/edge.md tells', () => {
  const all = limits();
  assert.ok(all.length > 30, `${all.length} limits were found`);
  const places = all.map(({ name, file }) => `${name} of ${file}`);
  assert.deepEqual(
    places.filter((place, i) => places.indexOf(place) < i),
    [],
    'each stands there once',
  );
  for (const { name, value, file } of all)
    assert.equal(valueIn(readRepo(file), name), numberOf(value), `${name} of ${file}`);
});
