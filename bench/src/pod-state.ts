import { request } from 'node:http';
import { join } from 'node:path';
import { POD_SOCKET_NAME, PodState } from '@dolphin/protocol';

/** What a pod says of itself on its control socket; null: it does not answer yet. */
export function podState(runDir: string): Promise<PodState | null> {
  return new Promise((resolve) => {
    const asked = request({ socketPath: join(runDir, POD_SOCKET_NAME), path: '/v1/state' }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(PodState.parse(JSON.parse(text))));
    });
    asked.on('error', () => resolve(null));
    asked.end();
  });
}
