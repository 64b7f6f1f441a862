import { DolphinError } from '@dolphin/protocol/plain.js';
import { farmOfReports, type HostReport, type SeenFarm } from '../domain/seen-farm.js';
import type { SourceName } from '../domain/source-order.js';
import { busPlace } from '../files/find-farm.js';
import { askFarm } from '../http/ask-farm.js';
import type { StatusPlaces } from './status-look.js';

interface Told {
  readonly farm: SeenFarm;
  readonly address: string;
}

/** Throws DolphinError: E_UNREACHABLE, or the code of what is away. What needs schemas is imported when it is asked. */
export async function askSource(type: SourceName, places: StatusPlaces): Promise<Told> {
  switch (type) {
    case 'master': {
      const { value, address } = await askFarm(places.client);
      return { farm: value, address };
    }
    case 'workers': {
      const bus = busPlace(places);
      if (bus === null) throw notFound('the workers', 'no cli.json of an up says where NATS is: --dir, --nats');
      const { askWorkers } = await import('../nats/ask-workers.js');
      return { farm: ofReports(await askWorkers(bus), bus.farm), address: bus.url };
    }
    case 'direct': {
      const { runDir, farm } = places;
      if (runDir === null || farm === null)
        throw notFound('this machine', 'no cli.json of an up says where its pod is: --dir');
      const { askPod } = await import('../files/ask-pod.js');
      return { farm: ofReports([await askPod(runDir)], farm), address: runDir };
    }
    default:
      return never(type);
  }
}

function ofReports(reports: readonly HostReport[], farm: string): SeenFarm {
  return farmOfReports(reports, { farm, at: new Date().toISOString() });
}

function notFound(what: string, why: string): DolphinError {
  return new DolphinError('E_UNREACHABLE', { what, address: 'an unknown place', why });
}

function never(type: never): never {
  throw new TypeError(`no such source: ${type}`);
}
