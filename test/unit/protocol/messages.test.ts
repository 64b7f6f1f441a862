import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BUS_MESSAGES, EventRow, FarmSpec, KeptFarmSpec } from '@dolphin/protocol';
import { z } from 'zod';
import { changed, type JsonSchema, placesOf, samplesOf } from './json-sample.js';

const jsonOf = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;
const variantsOf = (schema: JsonSchema) => schema.oneOf ?? schema.anyOf ?? [schema];
const asObject = (value: unknown) => value as Record<string, unknown>;

/** A message in which the entries, or the body, are of each type there is. */
function* casesOf(name: string, schema: z.ZodType) {
  for (const variant of variantsOf(jsonOf(schema))) {
    const inner = variant.properties?.['entries']?.items ?? variant.properties?.['body'];
    for (const part of inner ? variantsOf(inner) : [null]) {
      const json = part ? withPart(variant, part) : variant;
      const type = part?.properties?.['type']?.const ?? variant.properties?.['what']?.const ?? '';
      yield { what: `${name} ${String(type)}`, schema, json, sample: samplesOf(json)[0] };
    }
  }
}

function withPart(message: JsonSchema, part: JsonSchema): JsonSchema {
  const { entries } = message.properties ?? {};
  const field: Record<string, JsonSchema> = entries ? { entries: { ...entries, items: part } } : { body: part };
  return { ...message, properties: { ...message.properties, ...field } };
}

const messages = Object.entries(BUS_MESSAGES).flatMap(([name, schema]) => [...casesOf(name, schema)]);

describe('each message of the bus', () => {
  it('is accepted with a field, anywhere in it, that only a later version knows, and reads the same', () => {
    for (const { what, schema, json, sample } of messages) {
      const parsed: unknown = schema.parse(sample);
      for (const { path, schema: place } of placesOf(json)) {
        if (place.type !== 'object' || place.properties === undefined) continue;
        const newer = changed(sample, path, (old) => ({ ...asObject(old), ofTomorrow: { x: 1 } }));
        assert.deepEqual(schema.parse(newer), parsed, `${what} at ${path.join('.')}`);
      }
    }
  });

  it('bounds every text and every list, and is refused with one above its bound', () => {
    for (const { what, schema, json, sample } of messages) {
      for (const { path, schema: place } of placesOf(json)) {
        const at = `${what} at ${path.join('.')}`;
        if (place.type === 'array') {
          assert.ok(place.maxItems !== undefined, `${at} is a list without a bound`);
          const tooLong = changed(sample, path, (old) =>
            new Array((place.maxItems ?? 0) + 1).fill((old as unknown[])[0]),
          );
          assert.equal(schema.safeParse(tooLong).success, false, at);
        }
        if (place.type === 'string' && place.const === undefined && place.enum === undefined) {
          const isBounded = place.maxLength !== undefined || place.pattern !== undefined;
          assert.ok(isBounded, `${at} is a text without a bound`);
          const tooLong = changed(sample, path, () => 'x'.repeat((place.maxLength ?? 1024) + 1));
          assert.equal(schema.safeParse(tooLong).success, false, at);
        }
        if (typeof place.additionalProperties === 'object') {
          const names = Array.from({ length: 65 }, (_, n) => [
            `n${n}`,
            samplesOf(place.additionalProperties as JsonSchema)[0],
          ]);
          const tooMany = changed(sample, path, () => Object.fromEntries(names));
          assert.equal(schema.safeParse(tooMany).success, false, `${at} takes any number of names`);
        }
      }
    }
  });
});

describe('a specification', () => {
  const spec = { edges: { perHost: 2 }, origins: ['127.0.0.1:1935'] };

  it('is refused with an unknown field where a person wrote it, and read where it is kept', () => {
    const newer = [
      { ...spec, mode: 'origin' },
      { ...spec, edges: { perHost: 2, spread: 'zone' } },
      { ...spec, ports: { srt: 9000 } },
      { ...spec, conf: { name: 'low', revision: 1, sha: 'x' } },
      { ...spec, update: { canary: 1 } },
    ];
    for (const one of newer) {
      assert.equal(FarmSpec.safeParse(one).success, false, JSON.stringify(one));
      assert.deepEqual(KeptFarmSpec.parse(one).edges, { perHost: 2 });
    }
  });

  it('means the same when it is read again', () => {
    const full = FarmSpec.parse({
      edges: { total: 6, on: { zone: 'a' } },
      engine: 'srs5',
      conf: { name: 'low-latency', revision: 3 },
      origins: ['origin.example:1935'],
      update: { maxParallel: 2 },
      drainDeadlineMs: 60_000,
    });
    assert.deepEqual(KeptFarmSpec.parse(JSON.parse(JSON.stringify(full))), full);
    const { maxParallel, minHealthyMs, onFailure } = full.update ?? {};
    assert.deepEqual([maxParallel, minHealthyMs, onFailure], [2, 5_000, 'stop']);
  });

  it('wants perHost or total, and labels that are names', () => {
    for (const edges of [
      {},
      { perHost: 2, total: 3 },
      { total: 3, on: { 'Not A Name': 'x' } },
      { total: 3, on: { zone: '' } },
    ]) {
      assert.equal(FarmSpec.safeParse({ ...spec, edges }).success, false, JSON.stringify(edges));
    }
  });
});

it('an entry of a later version is a row of events like any other', () => {
  const row = { sequence: 1, index: 0, at: '2026-01-01T00:00:00.000Z', kind: 'decision', by: 'm', type: 'of-tomorrow' };
  assert.equal(EventRow.safeParse({ ...row, id: 'x', data: { any: 1 } }).success, true);
});
