import { type Directive, findDirective } from './conf-tree.js';

/** Directives of SRS 1 and 2 that stood in the vhost itself, and where 3.0 and later have them: [block, name]. */
const MOVED: Record<string, readonly [block: string, name: string]> = {
  mode: ['cluster', 'mode'],
  origin: ['cluster', 'origin'],
  token_traverse: ['cluster', 'token_traverse'],
  vhost: ['cluster', 'vhost'],
  debug_srs_upnode: ['cluster', 'debug_srs_upnode'],
  time_jitter: ['play', 'time_jitter'],
  mix_correct: ['play', 'mix_correct'],
  atc: ['play', 'atc'],
  atc_auto: ['play', 'atc_auto'],
  mw_latency: ['play', 'mw_latency'],
  gop_cache: ['play', 'gop_cache'],
  gop_cache_max_frames: ['play', 'gop_cache_max_frames'],
  queue_length: ['play', 'queue_length'],
  send_min_interval: ['play', 'send_min_interval'],
  reduce_sequence_header: ['play', 'reduce_sequence_header'],
  publish_1stpkt_timeout: ['publish', 'firstpkt_timeout'],
  publish_normal_timeout: ['publish', 'normal_timeout'],
  refer_play: ['refer', 'play'],
  refer_publish: ['refer', 'publish'],
};

/**
 * A conf in the form of SRS 3 to 5, whatever form it was written in: `mode remote; origin …;` in the vhost becomes
 * `cluster { … }`, and so on, as srs_config_transform_vhost does. The argument is left alone.
 */
export function modernizeConf(directives: readonly Directive[]): Directive[] {
  return directives.map((item) => {
    if (item.name === 'http_stream') return { ...item, name: 'http_server' };
    return item.name === 'vhost' && item.block !== undefined ? { ...item, block: modernizeVhost(item.block) } : item;
  });
}

function modernizeVhost(vhost: readonly Directive[]): Directive[] {
  const out: Directive[] = [];
  const later: (() => void)[] = [];
  /** The old form wins over the new one, as in SRS. */
  const setIn = (block: string, name: string, from: Directive) => {
    later.push(() => {
      const list = blockOf(out, block, from);
      const known = findDirective(list, name);
      if (known === undefined) list.push({ ...from, name });
      else known.args = from.args;
    });
  };
  const refer = (name: string, from: Directive) => {
    setIn('refer', name, from);
    later.push(() => {
      const list = blockOf(out, 'refer', from);
      if (!findDirective(list, 'enabled')) list.push({ ...from, name: 'enabled', args: ['on'] });
    });
  };

  for (const item of vhost) {
    const moved = item.block === undefined ? MOVED[item.name] : undefined;
    if (moved?.[0] === 'refer') refer(moved[1], item);
    else if (moved !== undefined) setIn(moved[0], moved[1], item);
    else if (item.name === 'refer' && item.block === undefined) refer('all', item);
    else if (item.name === 'mr') {
      const enabled = findDirective(item.block, 'enabled');
      const latency = findDirective(item.block, 'latency');
      if (enabled) setIn('publish', 'mr', enabled);
      if (latency) setIn('publish', 'mr_latency', latency);
    } else if (item.name === 'forward' && item.block === undefined && item.args.length > 0) {
      const block = [
        { ...item, name: 'enabled', args: ['on'] },
        { ...item, name: 'destination' },
      ];
      out.push({ ...item, args: [], block });
    } else if (item.name === 'http') out.push({ ...item, name: 'http_static' });
    // hstrs: always on since 3.0, and refused as unknown.
    else if (item.name === 'http_remux') {
      out.push({ ...item, block: (item.block ?? []).filter((each) => each.name !== 'hstrs') });
    } else out.push(copyOf(item));
  }
  for (const run of later) run();
  return out;
}

function blockOf(list: Directive[], name: string, from: Directive): Directive[] {
  let owner = list.find((item) => item.name === name && item.block !== undefined);
  if (owner === undefined) {
    owner = { name, args: [], block: [], file: from.file, line: from.line };
    list.push(owner);
  }
  owner.block ??= [];
  return owner.block;
}

/** Two levels: what setIn may change. */
function copyOf(item: Directive): Directive {
  return item.block === undefined ? { ...item } : { ...item, block: item.block.map((each) => ({ ...each })) };
}
