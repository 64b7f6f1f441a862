import fc from 'fast-check';

const SURROGATES = 0x800;
const FIRST_SURROGATE = 0xd800;

/** Any code point but halves of surrogate pairs: fast-check's unit 'binary', which takes a second to be made in each process. */
export const anyCharacter = fc.integer({ min: 0, max: 0x10_ffff - SURROGATES }).map((code) => {
  return String.fromCodePoint(code < FIRST_SURROGATE ? code : code + SURROGATES);
});
