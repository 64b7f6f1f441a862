/**
 * Sizes and times in headers of chunks and tags. Node's own readUIntBE and writeUIntBE take longer to find out what they are asked than
 * to do it, and there are tens of thousands of headers a second. `at` is within the bytes: the caller has looked.
 */
export function readUint24(bytes: Buffer, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
}

export function writeUint24(bytes: Buffer, value: number, at: number): void {
  bytes[at] = value >> 16;
  bytes[at + 1] = value >> 8;
  bytes[at + 2] = value;
}
