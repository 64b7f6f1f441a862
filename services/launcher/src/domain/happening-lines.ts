import type { EventRow } from '@dolphin/protocol';

/** What of the log is worth a line at the terminal of `up`, with its host where that is none of `here`; null: not this. */
export function happeningLine(row: EventRow, here: ReadonlySet<string>): string | null {
  const words = wordsOf(row);
  const isNamed = row.kind !== 'fact' || here.has(row.by) || row.type === 'host-joined' || row.type === 'host-left';
  return words === null || isNamed ? words : `${row.by}: ${words}`;
}

function wordsOf(row: EventRow): string | null {
  const { data } = row;
  const edge = edgeWords(data);
  switch (row.type) {
    case 'edge-exited':
      if (data['asked'] === true) return `${edge} stopped (pid ${String(data['pid'])})`;
      return `${edge} died: ${howItEnded(data)} (pid ${String(data['pid'])})`;
    case 'edge-ready':
      return `${edge} is ready, pid ${String(data['pid'])}, after ${String(data['afterMs'])} ms`;
    case 'edge-unhealthy':
      return `${edge} is unhealthy${data['killed'] === true ? ', and killed' : ''}: ${String(data['why'])}`;
    case 'edge-gave-up':
      return `${edge} is given up after ${String(data['attempts'])} starts`;
    case 'edge-draining':
      return `${edge} drains ${String(data['clients'])} clients`;
    case 'edge-drained':
      return `${edge} is drained, ${String(data['closed'])} clients closed at its deadline`;
    case 'edge-undrained':
      return `${edge} takes clients again`;
    case 'edge-replace-failed':
      return `${edge} was not replaced: generation ${String(data['generation'])} never became ready`;
    case 'edge-start-failed':
      return `${edge} does not start: ${String(data['message'])}`;
    case 'pod-exited':
      return `the pod died: ${howItEnded(data)}`;
    case 'pod-started':
      return `the pod is up, pid ${String(data['pid'])}`;
    case 'farm-applied':
      return `${row.by} applied a specification`;
    case 'command-refused':
      return `a command was refused: ${String(data['message'])}`;
    case 'host-joined':
      return `host ${row.by} joined`;
    case 'host-left':
      return `host ${row.by} left: ${String(data['why'])}`;
    case 'host-lost':
    case 'host-unmanaged':
    case 'host-returned':
      return `${row.type.replace('-', ' ')}: ${String(data['host'])}`;
    default:
      return null;
  }
}

function edgeWords({ role, slot }: EventRow['data']): string {
  if (role === 'back-source') return 'back source';
  return role === 'http' ? 'http edge' : `stream edge ${String(slot)}`;
}

function howItEnded(data: EventRow['data']): string {
  if (typeof data['signal'] === 'string') return data['signal'];
  // Of a pod that its worker had adopted nobody learns how it ended.
  return typeof data['code'] === 'number' ? `exit code ${data['code']}` : 'found gone';
}
