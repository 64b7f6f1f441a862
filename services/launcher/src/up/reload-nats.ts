import { signalProcess } from '../process/proc.js';
import type { Places } from './places.js';
import { RunRecordFile } from './run-record.js';

/** Has the nats-server of a directory read its users again; who is connected stays so. False: none runs. */
export function reloadNats(places: Places): boolean {
  const { nats } = new RunRecordFile(places.dir).read().parts;
  return nats !== undefined && signalProcess(nats, 'SIGHUP');
}
