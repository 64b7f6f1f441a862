import { request } from 'node:http';
import { PodState } from '@dolphin/protocol';

const POD_TIMEOUT_MS = 1_000;
/** A full pod has 65 edges, each some hundred bytes. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** The state of the pod behind a control socket; null when none answers. */
export async function podState(socketPath: string): Promise<PodState | null> {
  const answer = await ask(socketPath, 'GET', '/v1/state');
  if (answer?.status !== 200) return null;
  try {
    const parsed = PodState.safeParse(JSON.parse(answer.body));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Asks the pod to stop its edges and exit, whatever its clients: who calls it does not wait for them. False when it did not take the request. */
export async function stopPod(socketPath: string): Promise<boolean> {
  const answer = await ask(socketPath, 'POST', '/v1/stop?deadlineMs=0');
  return answer !== null && answer.status < 300;
}

function ask(socketPath: string, method: string, path: string): Promise<{ status: number; body: string } | null> {
  return new Promise((resolve) => {
    const sent = request({ socketPath, method, path, agent: false, timeout: POD_TIMEOUT_MS }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        body += part;
        if (body.length > MAX_ANSWER_BYTES) sent.destroy();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', () => resolve(null));
      response.on('close', () => resolve(null));
    });
    sent.once('timeout', () => sent.destroy());
    sent.once('error', () => resolve(null));
    sent.end();
  });
}
