import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { srsVersion } from '@dolphin/pod/domain/dialect.js';
import { type HostSettings, hostAdvice, type PodLoad } from '@dolphin/pod/domain/host-advice.js';
import { knownDefects } from '@dolphin/pod/domain/known-defects.js';

const GOOD: HostSettings = {
  softFiles: 100_000,
  hardFiles: 100_000,
  notsentLowatBytes: 131_072,
  somaxconn: 4096,
  reservedPorts: '33330-33340\n',
  portRange: '32768\t60999\n',
};
const LOAD: PodLoad = {
  clientsPerEdge: 1000,
  edges: 4,
  relays: 0,
  edgeFiles: null,
  ports: [19350, 8088, 1936, 18081, 33332],
};

describe('the advice to a host', () => {
  it('is none when all is well, or nothing can be read', () => {
    assert.deepEqual(hostAdvice(GOOD, LOAD), []);
    const unknown = {
      softFiles: null,
      hardFiles: null,
      notsentLowatBytes: null,
      somaxconn: null,
      reservedPorts: null,
      portRange: null,
    };
    assert.deepEqual(hostAdvice(unknown, LOAD), []);
  });

  it('counts a file per client at an edge, and two per client in a relay process', () => {
    const edge = hostAdvice({ ...GOOD, softFiles: 1024, hardFiles: 1024 }, LOAD);
    assert.match(edge.join(), /an edge may need 1192 open files .* ulimit -n 1192, as root/);
    const relay = hostAdvice({ ...GOOD, softFiles: 1024, hardFiles: 9000 }, { ...LOAD, relays: 2 });
    assert.match(relay.join(), /a relay process may need 4192 .* ulimit -n 4192 before/);
    const own = hostAdvice({ ...GOOD, softFiles: 1024 }, { ...LOAD, edgeFiles: 500 });
    assert.deepEqual(own, ['an edge may need 1192 open files for its clients: supervise.openFiles: 1192']);
  });

  it('names the command for each setting of the kernel', () => {
    const host = { ...GOOD, notsentLowatBytes: 4_294_967_295, somaxconn: 128, reservedPorts: '\n' };
    const [lowat, backlog, ports] = hostAdvice(host, LOAD);
    assert.match(lowat ?? '', /sysctl -w net\.ipv4\.tcp_notsent_lowat=131072$/);
    assert.match(backlog ?? '', /sysctl -w net\.core\.somaxconn=4096$/);
    assert.match(ports ?? '', /^ports 33332 .*sysctl -w net\.ipv4\.ip_local_reserved_ports=33332$/);
  });

  it('keeps the ports that are reserved already', () => {
    const [ports] = hostAdvice({ ...GOOD, reservedPorts: '40000,50000-50010\n' }, LOAD);
    assert.match(ports ?? '', /=40000,50000-50010,33332$/);
  });
});

describe('the known defects of a version', () => {
  const of = (text: string) => {
    const version = srsVersion(text);
    assert.ok(version);
    return knownDefects(version);
  };

  it('are said of 2, 6.0 and 7, and of no other', () => {
    for (const good of ['5.0.216\n', '4.0.271', '6.1.2', '3.0.9']) assert.deepEqual(of(good), [], good);
    assert.match(of('6.0.155').join(), /SRS 6\.0\.155 .*ossrs\/srs#4511/);
    assert.equal(of('7.0.32').length, 1);
    assert.equal(of('2.0.276').length, 1);
  });
});
