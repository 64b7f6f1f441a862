import { FlvReader, type FlvTag } from '@dolphin/media';
import { onCleanup, type TestScope } from './cleanup.js';
import { eventually } from './eventually.js';

/** An HTTP-FLV player that keeps the tags that it gets. */
export class FlvPeer {
  readonly tags: FlvTag[] = [];
  closed = false;

  /** It connects by itself; a stream that is not there yet is waited for. */
  constructor(t: TestScope, url: string) {
    const abort = new AbortController();
    onCleanup(t, () => abort.abort());
    this.#read(url, abort.signal).then(
      () => {
        this.closed = true;
      },
      () => {
        this.closed = true;
      },
    );
  }

  async has(what: string, is: (tag: FlvTag) => boolean): Promise<void> {
    await eventually(() => this.tags.some(is), { what });
  }

  async #read(url: string, signal: AbortSignal): Promise<void> {
    const { body } = await fetch(url, { signal });
    const reader = new FlvReader();
    for await (const data of body ?? []) this.tags.push(...reader.push(Buffer.from(data as Uint8Array)));
  }
}
