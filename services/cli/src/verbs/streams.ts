import { hasViewers } from '@dolphin/protocol/plain.js';
import { sumStreams } from '../domain/status.js';
import { STREAM_COLUMNS, streamRows } from '../domain/status-lines.js';
import { tableLines } from '../domain/table.js';
import { askEdges } from '../http/ask-edges.js';
import type { MasterApi } from '../http/master-api.js';
import { printJson, printLines, say } from './output.js';

/** Every stream, by url over all edges with viewers that answer, the most watched first. */
export async function streams(api: MasterApi, o: { readonly json: boolean }): Promise<number> {
  const view = await api.farm();
  const answers = await askEdges(view);
  const streams = sumStreams(view.edges, answers);
  const unanswered = view.edges.filter((edge, index) => hasViewers(edge.role) && !answers[index]?.answered).length;
  if (o.json) printJson({ schema: 'dolphin.streams/1', at: new Date().toISOString(), streams, unanswered });
  else printLines(tableLines(STREAM_COLUMNS, streamRows(streams)));
  if (unanswered > 0) say(`not among these is what edges have that did not answer: ${unanswered}`);
  return 0;
}
