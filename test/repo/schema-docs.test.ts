import { test } from 'node:test';
import { BUS_MESSAGES, FarmSpec } from '@dolphin/protocol';
import { z } from 'zod';
import { holdPage } from './written-docs.js';

const SCHEMAS = { ...BUS_MESSAGES, FarmSpec };

test('docs/reference/schemas holds the JSON schema of each message of the bus, and of a specification', () => {
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    const json = z.toJSONSchema(schema, { io: 'input' });
    holdPage(`docs/reference/schemas/${name}.json`, `${JSON.stringify({ title: name, ...json }, null, 2)}\n`);
  }
});

test('docs/reference/schemas.md lists them', () => {
  const list = Object.keys(SCHEMAS).map((name) => `- [${name}](schemas/${name}.json)`);
  holdPage('docs/reference/schemas.md', `${HEAD}${list.join('\n')}\n`);
});

const HEAD = `# Schemas

JSON Schema (2020-12) of what goes over NATS ([subjects.md](subjects.md)), and of a farm specification, generated from
\`libs/protocol\`. Readers pass over fields that they do not know, and refuse what is longer than a schema allows; only a
specification that is applied is refused for an unknown field. Numbers of keys in an object (labels, counters) are bounded, too,
which JSON Schema has no common word for: 64.

`;
