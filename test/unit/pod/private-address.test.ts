import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { originsAt } from '@dolphin/pod/domain/own-back-source.js';
import { renderEdgeConf } from '@dolphin/pod/domain/render-conf.js';
import { printConf } from '@dolphin/srs';

const privateAddress = '10.77.0.2';

describe('an edge of a host with a private address', () => {
  it('listens there alone', () => {
    const { conf } = renderEdgeConf([], {
      ...{ role: 'stream', slot: 0, ports: { rtmp: 1936, http: 18081, api: 33332 }, privateAddress, clients: 100 },
      ...{ origins: ['10.77.0.2:11935'], upstream: 'back-source', serverId: 'x', dialect: 'srs5' },
    });
    const listens = [...printConf(conf).matchAll(/listen +(\S+);/g)].map(([, where]) => where);
    assert.deepEqual(listens, ['10.77.0.2:1936', '10.77.0.2:33332', '10.77.0.2:18081']);
  });

  it('finds its back source there, and leaves origins as they are', () => {
    const origins = ['127.0.0.1:11935', '10.0.0.1:1935'];
    assert.deepEqual(originsAt({ role: 'stream', origins }, privateAddress), ['10.77.0.2:11935', '10.0.0.1:1935']);
    assert.deepEqual(originsAt({ role: 'back-source', origins }, privateAddress), origins);
    assert.deepEqual(originsAt({ role: 'stream', origins }, '127.0.0.1'), origins);
  });
});
