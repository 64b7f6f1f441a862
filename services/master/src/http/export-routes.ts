import { EXPORT_TYPE } from '@dolphin/protocol';
import type { App } from './app.js';
import { sendTexts } from './send-texts.js';

export interface ExportParts {
  /** Texts of an export, until `signal` aborts. Rejects with DolphinError before the first. */
  exportLog(signal: AbortSignal): Promise<AsyncIterable<string>>;
}

export function addExportRoutes(app: App, parts: ExportParts): void {
  const schema = { description: 'The whole log as lines of JSON: a header, each message, an end with a checksum.' };
  app.get('/api/v1/export', { schema }, async (_, reply) => {
    const end = new AbortController();
    const texts = await parts.exportLog(end.signal);
    // It outlives this handler, which has given the connection away.
    void sendTexts(reply, texts, end, { headers: { 'content-type': EXPORT_TYPE, 'cache-control': 'no-store' } });
    return reply;
  });
}
