import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { assertContiguousRun, publishFile, sourcePackets, startRecording } from '../support/media.js';
import { freePorts } from '../support/ports.js';
import { startProcess } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';
import { startEdge } from './edge-support/edge.js';

const MODULE = '/usr/lib/nginx/modules/ngx_rtmp_module.so';
const skip = !existsSync(MODULE) && 'nginx-rtmp (libnginx-mod-rtmp) is not installed';

describe('an origin of another make', () => {
  it('nginx-rtmp, is pulled from by an edge, and published to', { skip }, async (t) => {
    const source = await sourcePackets(t);
    const dir = await tempDir(t);
    const [port = 0] = await freePorts(1);
    const conf = join(dir, 'nginx.conf');
    await writeFile(
      conf,
      `load_module ${MODULE}; daemon off; master_process off; pid ${dir}/nginx.pid; error_log stderr;
       events { } rtmp { server { listen 127.0.0.1:${port}; application live { live on; wait_key on; wait_video on; } } }`,
    );
    const nginx = startProcess(t, 'nginx', ['-p', dir, '-c', conf, '-e', 'stderr']);
    const edge = await startEdge(t, { origins: [`127.0.0.1:${port}`] });
    // By way of the edge to nginx, and from there to a player of another edge.
    publishFile(t, edge.rtmp('s'), { loop: true });
    const other = await startEdge(t, { origins: [`127.0.0.1:${port}`] });
    const received = await startRecording(t, other.rtmp('s'), { seconds: 3 }).done;
    assertContiguousRun(received, source, { minSeconds: 2 });
    await nginx.stop();
  });
});
