import { hostname, userInfo } from 'node:os';

/** user@host, for the log. */
export function who(): string {
  let user = 'unknown';
  try {
    user = userInfo().username;
  } catch {
    // A user id without an entry in the password file.
  }
  return `${user}@${hostname()}`.slice(0, 256);
}

/** Who asks and why, as the operator's calls take it. */
export function asker(why: string | undefined): { who: string; why?: string } {
  return { who: who(), ...(why !== undefined && { why }) };
}
