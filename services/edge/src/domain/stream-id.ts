const CHARS = 7;
const ALPHABET_SIZE = 36;

/**
 * A stream's id in the API and in hooks: the same for one name as long as the process lives, so that a hook that asks
 * before the stream is there names the one that will be. `seed` makes it another one in another process, as in SRS.
 */
export function streamIdOf(seed: string, keyText: string): string {
  // FNV-1a, twice with other starts: 64 bits, of which 36 are shown.
  const text = `${seed}/${keyText}`;
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  for (let i = 0; i < text.length; i++) {
    low = Math.imul(low ^ text.charCodeAt(i), 0x01000193);
    high = Math.imul(high ^ text.charCodeAt(i), 0x5bd1e995);
  }
  const number = (high >>> 0) * 0x1_0000 + ((low >>> 0) & 0xffff);
  return `vid-${(number % ALPHABET_SIZE ** CHARS).toString(ALPHABET_SIZE).padStart(CHARS, '0')}`;
}
