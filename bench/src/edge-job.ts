import { parseFlags, UsageError } from '@dolphin/runtime';
import { pinSelf } from './child.js';
import { benchPlayers } from './edge-bench.js';
import { EDGE_PROGRAMS, isEdgeProgram } from './edge-programs.js';
import { atLeastOne, EXIT_VOID, type Job, playersOf, progress, tell } from './job-tools.js';
import { benchLatency, latencyText } from './latency-bench.js';
import { benchPublishers } from './publishers-bench.js';
import { reportOf } from './report.js';
import { benchStreams } from './streams-bench.js';

const SCENARIOS = ['players', 'streams', 'publishers', 'latency'] as const;
type Scenario = (typeof SCENARIOS)[number];
const ROUND_BENCHES = { players: benchPlayers, streams: benchStreams, publishers: benchPublishers } as const;
/** As many as one load can be; 20 on each of 500 streams. */
const DEFAULT_PLAYERS = { players: 2000, streams: 10_000, publishers: 1, latency: 10 } as const;

function isScenario(text: string): text is Scenario {
  return SCENARIOS.some((name) => name === text);
}

/** `bench edge`. Throws UsageError. */
export function edgeJob(args: readonly string[]): Job {
  const { flags } = parseFlags(args, {
    scenario: { type: 'string' },
    players: { type: 'int' },
    streams: { type: 'int' },
    publishers: { type: 'int' },
    seconds: { type: 'int' },
    rounds: { type: 'int' },
    protocol: { type: 'string' },
    program: { type: 'string', multiple: true },
    srs: { type: 'string' },
    json: { type: 'boolean' },
  });
  const { scenario = 'players', protocol = 'rtmp' } = flags;
  if (!isScenario(scenario)) throw new UsageError(`--scenario is ${SCENARIOS.join(', ')}, not ${scenario}`);
  if (protocol !== 'rtmp' && protocol !== 'flv') throw new UsageError(`--protocol is rtmp or flv, not ${protocol}`);
  const programs = (flags.program ?? []).map((name) => {
    if (!isEdgeProgram(name)) throw new UsageError(`--program is one of ${EDGE_PROGRAMS.join(', ')}, not ${name}`);
    return name;
  });
  const o = {
    players: playersOf(flags.players, DEFAULT_PLAYERS[scenario]),
    streams: playersOf(flags.streams, 500, 'streams'),
    publishers: playersOf(flags.publishers, 1000, 'publishers'),
    seconds: atLeastOne('seconds', flags.seconds, 20),
    rounds: atLeastOne('rounds', flags.rounds, 3),
    protocol,
    programs,
    srsBinary: flags.srs || process.env['SRS_BIN'] || undefined,
    progress,
  } as const;
  return async () => {
    pinSelf();
    if (scenario === 'latency') {
      const result = await benchLatency(o);
      process.stdout.write(flags.json === true ? `${JSON.stringify(result, null, 2)}\n` : latencyText(result));
      return result.void.length > 0 ? EXIT_VOID : 0;
    }
    const result = await ROUND_BENCHES[scenario](o);
    return tell(reportOf(`edge ${scenario}`, result.reference, result), flags.json);
  };
}
