import { type Invitation, PUBLIC_HTTP_PORT, PUBLIC_RTMP_PORT } from '@dolphin/protocol';

/** The public ports of the farm's hosts. */
export interface PublicPortPair {
  readonly rtmp: number;
  readonly http: number;
}

/**
 * What is pasted into a shell on the next machine. `printf` is part of every shell, so that the password stands in no
 * program's arguments; pasted with a space in front, it stays out of most shells' history, too.
 */
export function joinCommand(invitation: Invitation, { rtmp, http }: PublicPortPair): string {
  const ports = [
    ...(rtmp === PUBLIC_RTMP_PORT ? [] : [`--rtmp ${rtmp}`]),
    ...(http === PUBLIC_HTTP_PORT ? [] : [`--http ${http}`]),
  ];
  const text = JSON.stringify(invitation);
  // Names, addresses and passwords of ours hold none; a quote would end the shell's.
  if (text.includes("'")) throw new RangeError('an invitation holds no single quote');
  return [`printf %s '${text}' | ./dolphin worker --join -`, ...ports].join(' ');
}

/** The first name of `host-2`, `host-3`, … that is no host's yet. */
export function nextHostName(taken: ReadonlySet<string>): string {
  for (let number = 2; ; number++) {
    const name = `host-${number}`;
    if (!taken.has(name)) return name;
  }
}
