import { DolphinError, HostId, LiveSessionFilter, type LiveSessionsAnswer } from '@dolphin/protocol';
import type { ClientsAsked, KickAsked } from '../clients-commands.js';
import { clientLines } from '../domain/client-lines.js';
import { busPlace, type FarmPlaces } from '../files/find-farm.js';
import type { MasterApi } from '../http/master-api.js';
import { printJson, printLines, say } from './output.js';
import { tableWidth } from './table-width.js';
import { asker } from './who.js';

/** Who is there now, on all hosts that the filters mean, those first that are there the longest. */
export async function clients(
  api: MasterApi,
  places: FarmPlaces,
  o: ClientsAsked & { readonly json: boolean },
): Promise<number> {
  const { total, sessions, unheard } = await ask(api, places, o);
  const at = new Date();
  if (o.json) printJson({ schema: 'dolphin.clients/1', at: at.toISOString(), total, clients: sessions, unheard });
  else printLines(clientLines(sessions, { nowMs: at.getTime(), width: tableWidth() }));
  if (total > sessions.length) say(`there are ${total - sessions.length} more: --limit, or a filter`);
  for (const { host, why } of unheard) say(`not among these is what ${host} has: ${why}`);
  return 0;
}

/** A master; when none answers, the hosts themselves, where it is known how. */
async function ask(api: MasterApi, places: FarmPlaces, { filters, limit }: ClientsAsked): Promise<LiveSessionsAnswer> {
  try {
    return await api.liveSessions({ ...filters, limit: String(limit) });
  } catch (error) {
    const place = busPlace(places);
    if (!(error instanceof DolphinError) || error.code !== 'E_UNREACHABLE' || place === null) throw error;
    say(`${error.message}; the hosts are asked over NATS`);
    const { data } = LiveSessionFilter.extend({ host: HostId.optional() }).safeParse(filters);
    if (data === undefined) throw new DolphinError('E_BAD_REQUEST', { why: 'a filter is none' });
    const { host, ...filter } = data;
    return (await import('../nats/ask-sessions.js')).askSessions(place, { host, filter, limit });
  }
}

/** Closes one of them. Throws E_NOT_FOUND, E_UNREACHABLE. */
export async function kick(api: MasterApi, o: KickAsked & { readonly json: boolean }): Promise<number> {
  const kicked = await api.kick(o.session, o.host, asker(o.why));
  if (o.json) printJson({ schema: 'dolphin.kick/1', ...kicked });
  else printLines([`kick of ${kicked.session}: it is being closed on ${kicked.host}`]);
  return 0;
}
