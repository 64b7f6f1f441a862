import {
  either,
  type Fits,
  type Fitting,
  isFlag,
  isNumber,
  isText,
  listOf,
  nullable,
  optional,
  shapeOf,
} from '@dolphin/protocol/plain.js';

/** What `status` reads of the answers of an SRS, 2.0 to 5.0; libs/srs has them whole. Ids are numbers in 2, texts in 5. */
const isId = either(isText, isNumber);
const isCodec: Fits<{ codec: string } | null> = nullable(shapeOf<{ codec: string }>({ codec: isText }));

/** HTTP says 200 also on errors: `code` is 0 when the call went well. */
export const isRefusal = shapeOf<{ code: number }>({
  code: (value): value is number => isNumber(value) && value !== 0,
});

export const isSummaries = shapeOf<{ data: { self: { pid: number; version: string; srs_uptime: number } } }>({
  data: shapeOf({ self: shapeOf({ pid: isNumber, version: isText, srs_uptime: isNumber }) }),
});

interface Stream {
  id: string | number;
  vhost: string | number;
  name: string;
  app: string;
  url?: string | undefined;
  clients: number;
  kbps: { send_30s: number };
  publish: { active: boolean };
  video: { codec: string } | null;
  audio: { codec: string } | null;
}
export const isStreams = shapeOf<{ streams: Stream[] }>({
  streams: listOf(
    shapeOf<Stream>({
      id: isId,
      vhost: isId,
      name: isText,
      app: isText,
      url: optional(isText),
      clients: isNumber,
      kbps: shapeOf({ send_30s: isNumber }),
      publish: shapeOf({ active: isFlag }),
      video: isCodec,
      audio: isCodec,
    }),
  ),
});
export type StreamAnswer = Fitting<typeof isStreams>['streams'][number];

export const isVhosts = shapeOf<{ vhosts: { id: string | number; name: string }[] }>({
  vhosts: listOf(shapeOf<{ id: string | number; name: string }>({ id: isId, name: isText })),
});

export const isClients = shapeOf<{ clients: { stream: string | number; publish: boolean }[] }>({
  clients: listOf(shapeOf<{ stream: string | number; publish: boolean }>({ stream: isId, publish: isFlag })),
});
