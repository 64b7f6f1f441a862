import { GLOBAL_API_PORT } from '@dolphin/protocol/plain.js';

export const DEFAULT_API = `http://127.0.0.1:${GLOBAL_API_PORT}`;
export const API_WISH = 'It wants http://ADDRESS:PORT, or several with commas.';

/** `http://a:33330,http://b:33330` as a list; null when one of them is no address. */
export function apiList(text: string): string[] | null {
  const addresses = text.split(',').map((one) => one.trim());
  return addresses.every((one) => URL.canParse(one) && one.startsWith('http://')) ? addresses : null;
}
