import { DolphinError, NAME_PATTERN } from '@dolphin/protocol';
import { UsageError } from '@dolphin/runtime';
import { inviteHost } from '../credentials/farm-credentials.js';
import { readListenFile } from '../credentials/listen-file.js';
import { joinCommand } from '../domain/join-command.js';
import { placesIn } from './places.js';
import { reloadNats } from './reload-nats.js';

export interface InviteCommand {
  readonly host: string;
  readonly dir: string | undefined;
}

/** What the host is to run to join. `isKnown`: the farm's nats-server runs, and was told of its user. */
export async function invite({ host, dir }: InviteCommand): Promise<{ command: string; isKnown: boolean }> {
  if (!NAME_PATTERN.test(host)) throw new UsageError('a host id matches [a-z0-9][a-z0-9-]{0,62}');
  const places = placesIn(dir);
  const farm = readListenFile(places);
  if (farm === null) {
    throw new DolphinError('E_CONFIG', { where: places.dir, why: 'no up --listen has run with this directory' });
  }
  const invitation = await inviteHost(places, farm, host);
  return { command: joinCommand(invitation, farm), isKnown: reloadNats(places) };
}
