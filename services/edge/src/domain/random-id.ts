const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

/** An id as SRS's API has them: lower-case letters and digits. `random` gives [0, 1). */
export function randomId(length: number, random: () => number): string {
  let id = '';
  for (let i = 0; i < length; i++) id += ALPHABET[Math.floor(random() * ALPHABET.length)];
  return id;
}
