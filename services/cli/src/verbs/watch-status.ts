import { DolphinError } from '@dolphin/protocol/plain.js';
import { frameOf } from '../domain/frame.js';
import type { Status } from '../domain/status.js';
import { STATUS_EXIT } from '../domain/status-level.js';
import { silenceLines, statusLines } from '../domain/status-lines.js';
import { age } from '../domain/words.js';
import { busPlace } from '../files/find-farm.js';
import type { FarmFeed } from '../nats/farm-feed.js';
import { printJson, printLines, say } from './output.js';
import { paint } from './paint.js';
import type { StatusOptions } from './status.js';
import { look, printSilence, type SilentSource, type StatusPlaces, statusOf } from './status-look.js';
import { untilInterrupted } from './until-interrupted.js';

/** The leader tells every second, and on change; people and edges need not be asked more often. */
const LOOK_GAP_MS = 1_000;
/** Without the leader's word masters are asked, who answer from memory. */
const ASK_GAP_MS = 2_000;
/** A leader that is not heard for so long does not lead: the next one is found within five seconds. */
const FEED_PATIENCE_MS = 3_000;

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR = '\u001b[2J';

/**
 * Shows it again and again, until Ctrl-C: what the leader tells over NATS, or, while it tells nothing, what the sources
 * answer. Gives the exit code of what was shown last; of nothing, that of unknown.
 */
export async function watchStatus(places: StatusPlaces, o: StatusOptions): Promise<number> {
  const interrupted = untilInterrupted();
  const onScreen = !o.json && process.stdout.isTTY;
  const leaveScreen = () => {
    if (onScreen) process.stdout.write(SHOW_CURSOR);
  };
  // At once: a second Ctrl-C ends us without a last word.
  interrupted.addEventListener('abort', leaveScreen);
  if (onScreen) process.stdout.write(HIDE_CURSOR + CLEAR);
  let feed: FarmFeed | null = null;
  let code = STATUS_EXIT.unknown;
  try {
    feed = await openFeed(places, o);
    let isTold = feed !== null;
    while (!interrupted.aborted) {
      // While no leader is heard, listening for one is all that stands between two questions to others.
      const heard = feed === null ? null : await feed.next(isTold ? FEED_PATIENCE_MS : ASK_GAP_MS, interrupted);
      if (interrupted.aborted) break;
      if (feed !== null && isTold !== (heard !== null)) {
        isTold = heard !== null;
        say(isTold ? 'the leader is heard over NATS again' : 'no leader is heard over NATS: others are asked');
      }
      const told =
        heard === null
          ? await look(places, o.source)
          : await statusOf(heard.view, {
              type: 'master',
              address: feed?.url ?? '',
              answeredMs: heard.ageMs(),
              tried: [],
            });
      if (interrupted.aborted) break;
      code = await show(told, o, onScreen, heard !== null);
      if (heard !== null) await pause(LOOK_GAP_MS, interrupted);
      else if (feed === null) await pause(ASK_GAP_MS, interrupted);
    }
  } finally {
    leaveScreen();
    await feed?.close();
  }
  return code;
}

/** Null: masters are asked, because it is said so, or because NATS cannot be listened to; that is said. */
async function openFeed(places: StatusPlaces, { source }: StatusOptions): Promise<FarmFeed | null> {
  if (source !== 'auto' && source !== 'master') return null;
  // Somebody named a master, and nothing more: that is how it was meant.
  const place = busPlace(places);
  if (place === null) return null;
  try {
    return await (await import('../nats/farm-feed.js')).openFarmFeed(place);
  } catch (error) {
    if (!(error instanceof DolphinError)) throw error;
    say(`${error.code}: ${error.message}; masters are asked instead`);
    return null;
  }
}

async function show(
  told: Status | SilentSource[],
  o: StatusOptions,
  onScreen: boolean,
  overNats: boolean,
): Promise<number> {
  if (Array.isArray(told)) {
    if (!onScreen) return printSilence(told, { json: o.json, pretty: false });
    const lines = silenceLines(told.map(({ error }) => error.message));
    const foot = `${new Date().toISOString().slice(11, 19)} UTC; Ctrl-C ends`;
    process.stdout.write(frameOf([...(await paint(lines, 'unknown')), '', foot], process.stdout.rows));
    return STATUS_EXIT.unknown;
  }
  if (o.json) printJson(told, false);
  else {
    const lines = await paint(statusLines(told), told.level);
    if (onScreen) {
      const { ageMs } = told.source;
      const seen = ageMs === null ? 'nothing was heard of hosts' : `hosts were heard ${age(ageMs)} ago at most`;
      const foot = `${told.at.slice(11, 19)} UTC, ${overNats ? 'over NATS' : `asked of ${told.source.address}`}; ${seen}; Ctrl-C ends`;
      process.stdout.write(frameOf([...lines, '', foot], process.stdout.rows));
    } else printLines(lines);
  }
  return STATUS_EXIT[told.level];
}

function pause(ms: number, interrupted: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      interrupted.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    interrupted.addEventListener('abort', done);
  });
}
