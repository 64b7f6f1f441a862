/**
 * `dolphin-edge: stream-0, 12 clients`. dolphin's own server ids name the host first, which everybody on it knows; Linux
 * cuts a title to the length of the command line that it replaces.
 */
export function processTitle(serverId: string, clients: number): string {
  const name = /(?:stream|back-source|http)-\d+$/.exec(serverId)?.[0] ?? serverId;
  return `dolphin-edge: ${name}, ${clients} clients`;
}
