import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DOCTOR_EXIT, doctorLevel, type Finding, findingsOf, type Seen } from '@dolphin/cli/domain/doctor.js';
import { doctorLines } from '@dolphin/cli/domain/doctor-lines.js';
import { type FarmView, type Heartbeat, PodState } from '@dolphin/protocol';
import { edgeView, farmView, hostView, NOW } from './samples.js';

const FARM_ID = '6f9f3a52-7f0d-4a5e-9d3d-2b8c1c6a9e10';
const NOW_MS = Date.parse(NOW);
const NATS = 'nats://127.0.0.1:4222';

const pod = (more: object = {}) =>
  PodState.parse({
    ...{ pid: 4711, version: '0.1.0', host: 'h1', farmId: FARM_ID, term: 3, rtmp: [19350], http: [8088] },
    ...{ address: '127.0.0.1', lastHappening: 0, uptimeMs: 1, clients: 0, refused: {} },
    edges: [edgeView('back-source'), edgeView(0), edgeView(1)].map((edge) => ({ ...edge, name: 'x' })),
    ...more,
  });
const heartbeat = (more: Partial<Heartbeat> = {}): Heartbeat => ({
  ...{ farmId: FARM_ID, host: 'h1', epoch: 1, at: NOW, address: '127.0.0.1', upTo: 0, pod: pod() },
  ...more,
});
const heard = (one: Heartbeat) => ({ heartbeat: one, heardMs: NOW_MS + 12 });
const view = (more: Partial<FarmView> = {}) => farmView({ farmId: FARM_ID, version: '0.1.0', ...more });
const bus = (more: Partial<NonNullable<Seen['bus']>> = {}): NonNullable<Seen['bus']> => ({
  ...{ url: NATS, server: { version: '2.9.10', rttMs: 1, maxPayloadBytes: 1_048_576 }, listenedMs: 1_300 },
  ...{ heartbeats: [heard(heartbeat())], announced: view() },
  ...more,
});
const seen = (more: Partial<Seen> = {}): Seen => ({
  version: '0.1.0',
  masters: [{ address: 'http://127.0.0.1:33330', answeredMs: 3, view: view() }],
  bus: bus(),
  log: { lastSequence: 31 },
  localAdvice: null,
  openPorts: { open: '', reserve: '' },
  ownHosts: new Set(['h1']),
  ...more,
});
const bad = (more: Partial<Seen>) => findingsOf(seen(more)).filter(({ level }) => level !== 'ok');
/** The one finding that is not ok. */
function only(more: Partial<Seen>): Finding {
  const [one, ...others] = bad(more);
  assert.deepEqual(others, []);
  assert.ok(one);
  return one;
}
const refused = { code: 'E_UNREACHABLE', message: 'the master does not answer' };

test('a farm where all is well has nothing to be mended, exit 0', () => {
  assert.deepEqual(bad({}), []);
  assert.equal(DOCTOR_EXIT[doctorLevel(findingsOf(seen()))], 0);
});

test('the example in docs/reference/cli.md is what doctor prints, with its levels and exit codes', () => {
  const page = readFileSync(new URL('../../../../docs/reference/cli.md', import.meta.url), 'utf8');
  const lost = hostView({ host: 'h2', liveness: 'lost', heardMsAgo: 400_000 });
  const masters = [{ address: 'http://127.0.0.1:33330', answeredMs: 3, view: view({ hosts: [hostView({}), lost] }) }];
  const advice = [
    'a burst of more than 128 connections waits: sysctl -w net.core.somaxconn=4096',
    'ports 33331-33333 may be taken by outgoing connections: sysctl -w net.ipv4.ip_local_reserved_ports=33331-33333',
  ];
  const findings = findingsOf(
    seen({
      masters,
      bus: bus({ heartbeats: [heard(heartbeat({ pod: pod({ advice }) }))] }),
      openPorts: { open: '33330-33333', reserve: '33330-33333' },
    }),
  );
  const lines = doctorLines(findings).join('\n');
  assert.ok(page.includes(`\n${lines}\n`), lines);
  assert.equal(doctorLevel(findings), 'wrong');
  for (const [level, exit] of Object.entries(DOCTOR_EXIT)) {
    assert.match(page, new RegExp(`^\\| \`${level}\` \\| ${exit} \\|`, 'm'));
  }
  for (const name of Object.keys(findings[0] ?? {})) assert.match(page, new RegExp(`\`${name}\``), name);
  for (const line of doctorLines(findings)) assert.ok(line.length <= 80 || line.includes('-> '), line);
});

test('a master that is away is wrong; beside one that answers it is advice', () => {
  const away = { address: 'http://127.0.0.1:33330', answeredMs: 3, view: refused };
  const other = { address: 'http://127.0.0.1:33340', answeredMs: 3, view: view() };
  assert.deepEqual(
    bad({ masters: [away], log: null }).map(({ check, level }) => [check, level]),
    [
      ['master', 'wrong'],
      ['log', 'unseen'],
    ],
  );
  assert.deepEqual(
    [only({ masters: [away, other] }).level, only({ masters: [away, other] }).check],
    ['advice', 'master'],
  );
});

test('where somebody wants to know who asks, it is said how to tell it', () => {
  const at = (code: string) => {
    const away = { address: 'http://127.0.0.1:33330', answeredMs: 3, view: { code, message: 'x' } };
    return bad({ masters: [away], log: null })[0]?.mend;
  };
  assert.match(at('E_UNAUTHORIZED') ?? '', /--token-file/);
  assert.match(at('E_FORBIDDEN') ?? '', /--token-file/);
  assert.match(at('E_UNREACHABLE') ?? '', /dolphin up/);
  const server = { code: 'E_BUS_UNAVAILABLE', message: 'NATS does not answer: Authorization Violation' };
  const nats = (more: object) => bad({ bus: bus({ server: { ...server, ...more }, heartbeats: [] }) })[0]?.mend ?? '';
  assert.match(nats({ isRefused: true }), /--credentials/);
  assert.match(nats({}), /dolphin up/);
});

test('a master that may not lead, is cut off, or is another version is said so', () => {
  const as = (more: Partial<FarmView>) =>
    only({ masters: [{ address: 'http://a:1', answeredMs: 1, view: view(more) }] });
  const { master } = view();
  const problem = { code: 'E_LOG_UNREADABLE', message: 'entry 7' };
  assert.match(as({ master: { ...master, state: 'read-only', problem } }).what, /^E_LOG_UNREADABLE: entry 7$/);
  assert.match(as({ connected: false }).what, /cut off from NATS/);
  assert.deepEqual(as({ version: '9.9.9' }).level, 'advice');
});

test('without NATS it is said what cannot be seen, and hosts are as the master heard them', () => {
  const server = { code: 'E_BUS_UNAVAILABLE', message: 'NATS does not answer: refused' };
  const down = bad({ bus: bus({ server, heartbeats: [], announced: null }) });
  assert.deepEqual(
    down.map(({ check, level }) => [check, level]),
    [
      ['nats', 'wrong'],
      ['lease', 'unseen'],
    ],
  );
  assert.equal(doctorLevel(bad({ bus: null })), 'advice', 'not known where it is');
  assert.match(
    only({ bus: bus({ server: { version: '2', rttMs: 1, maxPayloadBytes: 1_000 } }) }).what,
    /1000 bytes only/,
  );
});

test('a farm without a leader, a log or a specification, or with a problem, is wrong', () => {
  assert.equal(only({ bus: bus({ announced: null }) }).check, 'lease');
  assert.equal(only({ log: { code: 'E_LOG_LOST', message: 'gone' } }).what, 'E_LOG_LOST: gone');
  const as = (more: Partial<FarmView>) =>
    only({ masters: [{ address: 'http://a:1', answeredMs: 1, view: view(more) }] });
  assert.match(as({ spec: null }).mend ?? '', /dolphin-cli apply/);
  const problems = [{ code: 'E_ORIGIN_LOOPBACK', message: 'the origin', host: 'h1' }];
  assert.deepEqual([as({ problems }).about, as({ problems }).level], ['h1', 'wrong']);
});

test('a host of another farm, one that takes no commands, one without its pod and one that leaves are each named', () => {
  const as = (more: Partial<Heartbeat>) => only({ bus: bus({ heartbeats: [heard(heartbeat(more))] }) });
  assert.match(as({ farmId: FARM_ID.replace('6', '7') }).what, /of another farm/);
  assert.match(as({ readOnly: { code: 'E_LOG_UNREADABLE', message: 'entry 7' } }).what, /takes no commands/);
  assert.match(as({ pod: null }).what, /its pod does not answer/);
  assert.equal(as({ leaving: true }).level, 'advice');
  assert.equal(as({ pod: pod({ warnings: ['engine x: known to be bad'] }) }).check, 'setting');
});

test('clocks that differ by seconds are advice, by minutes wrong', () => {
  const off = (ms: number) => bad({ bus: bus({ heartbeats: [{ heartbeat: heartbeat(), heardMs: NOW_MS + ms }] }) })[0];
  assert.equal(off(-1_900), undefined);
  assert.deepEqual([off(-3_000)?.level, off(-3_000)?.check], ['advice', 'clock']);
  assert.equal(off(61_000)?.level, 'wrong');
});

test('advice of the own pod is told where no heartbeat tells it', () => {
  const localAdvice = ['an edge may need 5000 open files: ulimit -n 5000', 'no command in this'];
  const told = bad({ bus: null, localAdvice }).filter(({ check }) => check === 'setting');
  assert.deepEqual(
    told.map(({ about, what, mend }) => [about, what, mend]),
    [
      ['this machine', 'an edge may need 5000 open files', 'ulimit -n 5000'],
      ['this machine', 'no command in this', null],
    ],
  );
});
