import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SseEvent, SseReader } from '@dolphin/cli/domain/sse-reader.js';
import { DolphinError } from '@dolphin/protocol';
import fc from 'fast-check';

const read = (...texts: string[]): SseEvent[] => {
  const reader = new SseReader();
  return texts.flatMap((text) => reader.feed(text));
};

test('events are read with name, id and data; comments and what is of no use are passed over', () => {
  const text =
    ': hello\nretry: 1000\n\nevent: rewound\nid: 0\ndata: {"a":\ndata: 1}\n\ndata:x\ncolour: red\n\nid: 7\n\n';
  assert.deepEqual(read(text), [
    { event: 'rewound', id: '0', data: '{"a":\n1}' },
    { event: 'message', id: null, data: 'x' },
  ]);
});

test('however a stream is cut, and whatever ends its lines, the events are the same', () => {
  const word = fc.stringMatching(/^[a-z0-9{}:"é☃]{0,12}$/);
  const event = fc.record({ event: fc.option(fc.constantFrom('message', 'rewound')), id: fc.option(word), data: word });
  const cuts = fc.array(fc.nat(400), { maxLength: 12 });
  fc.assert(
    fc.property(fc.array(event), fc.constantFrom('\n', '\r\n', '\r'), cuts, (events, end, at) => {
      const text = events
        .map(({ event: name, id, data }) =>
          [...(name ? [`event: ${name}`] : []), ...(id === null ? [] : [`id: ${id}`]), `data: ${data}`, '', ''].join(
            end,
          ),
        )
        .join('');
      const places = [0, ...at.map((place) => Math.min(place, text.length)).sort((a, b) => a - b), text.length];
      const parts = places.slice(1).map((place, index) => text.slice(places[index], place));
      // The last line may end only with what comes next.
      const wanted = events.map(({ event: name, id, data }) => ({ event: name ?? 'message', id, data }));
      assert.deepEqual(read(...parts, ':'), wanted);
    }),
  );
});

test('an event without an end is given up', () => {
  const reader = new SseReader();
  assert.throws(
    () => {
      for (let times = 0; times < 100; times++) reader.feed(`data: ${'x'.repeat(50_000)}\n`);
    },
    (error) => error instanceof DolphinError && error.code === 'E_TOO_LARGE',
  );
});
