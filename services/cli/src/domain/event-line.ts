import type { EventRow } from '@dolphin/protocol';
import { wrap } from './table.js';
import { age, localTime, oneLine } from './words.js';

/** Where an entry goes on when it does not fit. */
const INDENT = ' '.repeat(8);

export interface EventLinesOptions {
  /** Minutes that local time is ahead of UTC at a time, in ms since 1970: it changes over a year. */
  readonly utcOffsetAt: (ms: number) => number;
  /** Columns of the terminal; null where none is: then an entry is one line, however long. */
  readonly width: number | null;
  /** What was shown before these: the day, and entries that may be causes. */
  readonly after?: { readonly day: string; readonly causes: readonly EventRow[] };
}

/**
 * Entries for people, and a line where a day begins. `<- #12` names the cause, where its entry is among these; other
 * causes show as the first characters of their id.
 */
export function eventLines(rows: readonly EventRow[], o: EventLinesOptions): string[] {
  const sequences = new Map([...(o.after?.causes ?? []), ...rows].map((row) => [row.id, row.sequence]));
  const lines: string[] = [];
  let day = o.after?.day ?? '';
  for (const row of rows) {
    const { date, time } = localTime(row.at, o.utcOffsetAt);
    if (date !== day) lines.push(`-- ${date}`);
    day = date;
    const cause = row.causationId === undefined ? '' : `<- ${causeOf(row.causationId, sequences)}`;
    const words = [row.type, placeOf(row), detailsOf(row), cause].filter((part) => part !== '').join(' ');
    const line = `${`#${row.sequence}`.padStart(5)} ${time} ${row.kind.padEnd(8)} ${oneLine(words)}`;
    lines.push(...(o.width === null ? [line] : wrap(line, o.width, INDENT)));
  }
  return lines;
}

function causeOf(id: string, causes: ReadonlyMap<string, number>): string {
  const sequence = causes.get(id);
  return sequence === undefined ? id.slice(0, 8) : `#${sequence}`;
}

function placeOf({ kind, by, data }: EventRow): string {
  const host = kind === 'fact' ? by : word(data['host']);
  const edge = data['role'] === undefined ? '' : `${word(data['role'])}-${word(data['slot'])}`;
  return [host, edge].filter((part) => part !== '').join(' ');
}

/** What placeOf has said already. */
const PLACE: ReadonlySet<string> = new Set(['host', 'role', 'slot']);

function detailsOf({ type, data, by }: EventRow): string {
  const of = (name: string) => word(data[name]);
  const asker = `by ${of('who')}${because(of('why'))}`;
  const span = (name: string) => (typeof data[name] === 'number' ? age(data[name]) : '?');
  switch (type) {
    case 'farm-created':
      return `${of('farm')} ${of('farmId').slice(0, 8)}${data['adopted'] === true ? ' for edges that run' : ''} by ${of('who')}`;
    case 'farm-applied':
      return `spec ${of('specVersion')}: ${wish(data['spec'])}${backTo(data['rollbackOf'])} ${asker}`;
    case 'farm-imported':
      return `${of('entries')} messages from ${of('from')} ${asker}`;
    case 'host-cordoned':
    case 'host-uncordoned':
    case 'host-undrain-asked':
    case 'host-removed':
      return asker;
    case 'host-drain-asked':
      return `within ${span('deadlineMs')} ${asker}`;
    case 'edge-restart-asked':
    case 'edge-drain-asked':
      return `generation ${of('generation')} within ${span('deadlineMs')} ${asker}`;
    case 'edge-kill-asked':
    case 'edge-undrain-asked':
      return `generation ${of('generation')} ${asker}`;
    case 'leader-elected':
      return `${of('master') || by} term ${of('term')}`;
    case 'edge-assigned':
    case 'edge-adopted':
      return `generation ${of('generation')} ${of('engine')}`;
    case 'edge-released':
      return `generation ${of('generation')}${data['drainMs'] === undefined ? '' : `, drains ${span('drainMs')}`}${because(of('why'))}`;
    case 'edge-kept':
      return `generation ${of('generation')}${because(of('why'))}`;
    case 'edge-renewed':
      return `generation ${of('generation')}, drains ${span('drainMs')}${because(of('why'))}`;
    case 'update-started':
      return `to spec ${of('specVersion')}: ${of('edges')} edges`;
    case 'update-step':
      return `${of('step')} to spec ${of('specVersion')}: ${Array.isArray(data['edges']) ? data['edges'].length : '?'} edges`;
    case 'update-edge-failed':
    case 'update-stopped':
      return `to spec ${of('specVersion')}${because(of('why'))}`;
    case 'update-finished':
      return `to spec ${of('specVersion')}`;
    case 'host-lost':
    case 'host-unmanaged':
      return `silent for ${span('silentMs')}`;
    case 'placement-short':
      return `placed ${of('placed')} of ${of('asked')}${because(of('why'))}`;
    case 'host-joined':
      return `epoch ${of('epoch')}, version ${of('version')}`;
    case 'host-left':
      return of('why');
    case 'pod-started':
      return `pid ${of('pid')}`;
    case 'pod-exited':
      return ending(data);
    case 'edge-started':
      return `pid ${of('pid')} ${of('engine')}${data['attempt'] === 1 ? '' : `, attempt ${of('attempt')}`}`;
    case 'edge-start-failed':
      return `${of('code')}: ${of('message')}`;
    case 'edge-ready':
      return `pid ${of('pid')} after ${span('afterMs')}`;
    case 'edge-unhealthy':
      return `pid ${of('pid')}${fateOf(data)}: ${of('why')}`;
    case 'edge-exited':
      return `pid ${of('pid')} ${ending(data)} after ${span('uptimeMs')}, ${data['asked'] === true ? 'asked' : 'not asked'}`;
    case 'edge-gave-up':
      return `after ${of('attempts')} starts in ${span('windowMs')}`;
    case 'edge-draining':
      return `${of('clients')} clients, within ${span('deadlineMs')}`;
    case 'edge-drained':
      return data['why'] === 'deadline' ? `at its deadline, ${of('closed')} clients closed` : 'all clients left';
    case 'edge-undrained':
      return `with ${of('clients')} clients`;
    case 'edge-replace-failed':
      return `generation ${of('generation')} never became ready, ${of('kept')} goes on`;
    case 'command-refused':
      return `${of('code')}: ${of('message')}`;
    case 'happenings-lost':
      return `${of('from')} to ${of('to')}`;
    case 'host-returned':
    case 'edge-removed':
      return '';
    default:
      // A newer version's: everything plain that it holds.
      return Object.entries(data)
        .filter(([name, value]) => !PLACE.has(name) && typeof value !== 'object')
        .map(([name, value]) => `${name} ${word(value)}`)
        .join(' ');
  }
}

function ending(data: EventRow['data']): string {
  if (typeof data['signal'] === 'string') return data['signal'];
  // Of a pod that its worker had adopted nobody learns how it ended.
  return typeof data['code'] === 'number' ? `exit code ${data['code']}` : 'found gone';
}

/** Of an unhealthy process; older pods did not say it. */
function fateOf(data: EventRow['data']): string {
  if (data['killed'] === undefined) return '';
  return data['killed'] === true ? ', killed' : ', goes on';
}

function wish(spec: unknown): string {
  if (typeof spec !== 'object' || spec === null || !('edges' in spec)) return '?';
  const edges = spec.edges;
  if (typeof edges !== 'object' || edges === null) return '?';
  const where = 'on' in edges && typeof edges.on === 'object' && edges.on !== null ? onHostsOf(edges.on) : '';
  if ('perHost' in edges) return `${word(edges.perHost)} edges per host${where}`;
  return 'total' in edges ? `${word(edges.total)} edges in all${where}` : '?';
}

function onHostsOf(labels: object): string {
  const words = Object.entries(labels).map(([label, value]) => `${label}: ${word(value)}`);
  return words.length === 0 ? '' : ` on hosts of ${words.join(', ')}`;
}

function backTo(version: unknown): string {
  return version === undefined ? '' : `, as spec ${word(version)} was,`;
}

function because(why: string): string {
  return why === '' ? '' : `: ${why}`;
}

function word(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
