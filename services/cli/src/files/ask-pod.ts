import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DolphinError, POD_HOST_FILE_NAME, POD_SOCKET_NAME, PodState } from '@dolphin/protocol';
import { exchange } from '@dolphin/runtime/exchange.js';
import { isHostFile } from '../domain/host-file-shape.js';
import type { HostReport } from '../domain/seen-farm.js';

const POD_TIMEOUT_MS = 1_000;
/** A full pod has 65 edges, each some hundred bytes. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** Where this machine is for itself. */
const LOOPBACK = '127.0.0.1';

/** The host of this machine: its pod, else what the pod was told to run. Throws E_UNREACHABLE when neither is there. */
export async function askPod(runDir: string): Promise<HostReport> {
  try {
    return { ...(await podReport(join(runDir, POD_SOCKET_NAME))), ageMs: 0 };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const report = fileReport(join(runDir, POD_HOST_FILE_NAME), why);
    if (report !== null) return report;
    throw new DolphinError(
      'E_UNREACHABLE',
      { what: 'the pod of this machine', address: runDir, why },
      { cause: error },
    );
  }
}

async function podReport(socketPath: string): Promise<Omit<HostReport, 'ageMs'>> {
  const how = { socketPath, timeoutMs: POD_TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES };
  const { status, text } = await exchange('http://pod/v1/state', how);
  if (status !== 200) throw new Error(`HTTP ${status}`);
  const pod = PodState.parse(JSON.parse(text));
  return { host: pod.host, farmId: pod.farmId, epoch: 0, address: LOOPBACK, pod, wanted: [] };
}

function fileReport(path: string, podsWhy: string): HostReport | null {
  try {
    const json: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (!isHostFile(json)) return null;
    return {
      ...{ host: json.host, farmId: json.farmId, epoch: 0, address: LOOPBACK, pod: null },
      wanted: json.slots.flatMap(({ wanted }) => (wanted === null ? [] : [wanted])),
      ageMs: Math.max(0, Math.round(Date.now() - statSync(path).mtimeMs)),
      problem: `its pod does not answer (${podsWhy}): shown is what it was told to run`,
    };
  } catch {
    // The pod's own reason is what is said.
    return null;
  }
}
