/** Where the bytes were wrong. `limit`: well-formed so far, but more than is allowed. */
export type MediaErrorCode = 'handshake' | 'chunk' | 'amf0' | 'command' | 'flv' | 'limit';

/** What this package throws about its input, and the only thing: the connection or file cannot be read on. */
export class MediaError extends Error {
  override readonly name = 'MediaError';
  readonly code: MediaErrorCode;

  constructor(code: MediaErrorCode, why: string) {
    super(why);
    this.code = code;
  }
}
