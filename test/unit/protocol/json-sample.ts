/** As much of JSON Schema as zod's schemas come out as. */
export interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly propertyNames?: JsonSchema;
  readonly items?: JsonSchema;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly default?: unknown;
}

type Path = readonly (string | number)[];

/** Texts of which each pattern of the protocol takes one. */
const TEXTS = ['h1', '127.0.0.1:1935', '2026-01-01T00:00:00.000Z', '11111111-1111-4111-8111-111111111111'];

/** A value for each variant of a schema, with all its optional fields. */
export function samplesOf(schema: JsonSchema): unknown[] {
  const variants = schema.oneOf ?? schema.anyOf;
  return variants ? variants.flatMap(samplesOf) : [sampleOf(schema)];
}

function sampleOf(schema: JsonSchema): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants) return sampleOf(variants[0] ?? {});
  switch (schema.type) {
    case 'object': {
      const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => [name, sampleOf(field)]);
      return Object.fromEntries(fields);
    }
    case 'array':
      return [sampleOf(schema.items ?? {})];
    case 'string':
      return TEXTS.find((text) => new RegExp(schema.pattern ?? '').test(text)) ?? 'x';
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? 0, 1);
    case 'boolean':
      return true;
    default:
      return null;
  }
}

export interface Place {
  readonly path: Path;
  readonly schema: JsonSchema;
}

/** Every schema within a schema, with the path of its value in the sample of that variant. */
export function* placesOf(schema: JsonSchema, path: Path = []): Generator<Place> {
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants) {
    // The sample has the first variant.
    if (variants[0]) yield* placesOf(variants[0], path);
    return;
  }
  yield { path, schema };
  for (const [name, field] of Object.entries(schema.properties ?? {})) yield* placesOf(field, [...path, name]);
  if (schema.items) yield* placesOf(schema.items, [...path, 0]);
}

/** A copy of a JSON value with another value at a path. */
export function changed(value: unknown, path: Path, change: (old: unknown) => unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return change(value);
  const copy = structuredClone(value) as Record<string | number, unknown>;
  copy[first] = changed(copy[first], rest, change);
  return copy;
}
