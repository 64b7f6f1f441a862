import { type ChunkReaderLimits, DEFAULT_CHUNK_READER_LIMITS, FAIR_PARTIAL_BYTES } from './chunk-reader.js';
import { MAX_COMMAND_BYTES } from './commands.js';

interface Asked {
  readonly maxMessageBytes?: number;
  readonly maxChunkStreams?: number;
}

/** What a server reads of a client that does not publish: it has nothing larger to say than a command. */
export function askingLimits({ maxMessageBytes = MAX_COMMAND_BYTES, maxChunkStreams }: Asked): ChunkReaderLimits {
  return {
    maxMessageBytes: Math.min(maxMessageBytes, MAX_COMMAND_BYTES),
    maxPartialBytes: FAIR_PARTIAL_BYTES,
    maxChunkStreams: maxChunkStreams ?? DEFAULT_CHUNK_READER_LIMITS.maxChunkStreams,
  };
}

/** And of one that publishes, to its end: what it sends after its stream was under way before. */
export function publishingLimits({ maxMessageBytes }: Asked): Partial<ChunkReaderLimits> {
  const { maxMessageBytes: usual, maxPartialBytes } = DEFAULT_CHUNK_READER_LIMITS;
  return { maxMessageBytes: maxMessageBytes ?? usual, maxPartialBytes };
}
