import { DOLPHIN_VERSION, DolphinError, type FarmView } from '@dolphin/protocol';
import { DOCTOR_EXIT, doctorLevel, type Failure, findingsOf, type MasterSeen, type Seen } from '../domain/doctor.js';
import { doctorLines } from '../domain/doctor-lines.js';
import { isOwnAddress } from '../domain/reach.js';
import { busPlace, type FarmPlaces } from '../files/find-farm.js';
import { askFarm } from '../http/ask-farm.js';
import { MasterApi } from '../http/master-api.js';
import { MasterClient } from '../http/master-client.js';
import { openPorts } from '../machine/open-ports.js';
import { ownNames } from '../machine/own-names.js';
import { printJson, printLines } from './output.js';

/** Looks at all that a farm stands on, from this machine, and says what mends it. Gives the exit code. */
export async function doctor(places: FarmPlaces, token: string | null, o: { readonly json: boolean }): Promise<number> {
  const place = busPlace(places);
  const clients = places.apis.map((address) => ({ address, client: new MasterClient([address], token) }));
  const [masters, bus] = await Promise.all([
    Promise.all(clients.map(lookAt)),
    place === null ? null : (await import('../nats/hear-farm.js')).hearFarm(place),
  ]);
  const view = masters.flatMap((master) => ('code' in master.view ? [] : [master.view]))[0] ?? null;
  const answering = clients[masters.findIndex((master) => !('code' in master.view))];
  const log = answering === undefined ? null : await lookAtLog(new MasterApi(answering.client));
  const own = ownNames();
  const ownHosts = new Set((view?.hosts ?? []).flatMap((host) => (isOwnAddress(host.address, own) ? [host.host] : [])));
  const isHeard = (bus?.heartbeats.length ?? 0) > 0;
  const findings = findingsOf({
    ...{ version: DOLPHIN_VERSION, masters, bus, log, ownHosts },
    localAdvice: isHeard ? null : await podAdvice(places.runDir),
    openPorts: openPorts(portsOf(places, view, ownHosts)),
  });
  const level = doctorLevel(findings);
  if (o.json) printJson({ schema: 'dolphin.doctor/1', at: new Date().toISOString(), level, findings });
  else printLines([...doctorLines(findings), '', WORDS[level]]);
  return DOCTOR_EXIT[level];
}

const WORDS = {
  well: 'nothing is to be mended',
  advice: 'nothing is broken; some of it would do better otherwise, or could not be seen from here',
  wrong: 'something is wrong',
} as const;

async function lookAt({ address, client }: { address: string; client: MasterClient }): Promise<MasterSeen> {
  const start = performance.now();
  const view = await askFarm(client).then(({ value }) => value, failureOf);
  return { address, answeredMs: Math.round(performance.now() - start), view };
}

async function lookAtLog(api: MasterApi): Promise<Seen['log']> {
  return api.events(0, 1).then(({ lastSequence }) => ({ lastSequence }), failureOf);
}

/** Null: there is no pod here that anybody knows of. */
async function podAdvice(runDir: string | null): Promise<Seen['localAdvice']> {
  if (runDir === null) return null;
  const { askPod } = await import('../files/ask-pod.js');
  return askPod(runDir).then(
    ({ pod }) => pod?.advice ?? null,
    () => null,
  );
}

/** What listens on this machine, as far as it is known: NATS, masters, and the hosts that it is. */
function portsOf({ apis, nats }: FarmPlaces, view: FarmView | null, ownHosts: ReadonlySet<string>): number[] {
  const own = ownNames();
  const servers = [...apis, ...(nats?.split(',') ?? [])].flatMap((text) => {
    const url = URL.canParse(text) ? new URL(text) : null;
    return url !== null && isOwnAddress(url.hostname, own) ? [Number(url.port)] : [];
  });
  const hosts = (view?.hosts ?? []).filter(({ host }) => ownHosts.has(host));
  const edges = (view?.edges ?? []).filter(({ host }) => ownHosts.has(host));
  return [
    ...servers,
    ...hosts.flatMap(({ rtmp, http }) => [...rtmp, ...http]),
    ...edges.flatMap(({ ports: { rtmp, http, api } }) => [rtmp, api, ...(http === undefined ? [] : [http])]),
  ];
}

/** An expected one; what is none goes on. */
function failureOf(error: unknown): Failure {
  if (!(error instanceof DolphinError)) throw error;
  return { code: error.code, message: error.message };
}
