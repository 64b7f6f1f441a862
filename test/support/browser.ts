import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import { onCleanup, type TestScope } from './cleanup.js';
import { DEADLINE_MS } from './eventually.js';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required'],
];

/** Why no page can be shown here, as the reason of a skip; false: one can. */
export const noBrowser: string | false = existsSync(CHROMIUM) ? false : `${CHROMIUM} is not there`;

/** What a page's player is doing. */
export interface Playback {
  readonly seconds: number;
  readonly width: number;
  readonly fatal: readonly string[];
}

export interface HlsPage {
  playback(): Promise<Playback>;
}

/** A page with hls.js in a headless Chromium, that plays `url` with its sound off. It is of another site than the edge. */
export async function playInBrowser(t: TestScope, url: string): Promise<HlsPage> {
  const script = await readFile(fileURLToPath(import.meta.resolve('hls.js/dist/hls.min.js')));
  const site = createServer((request, response) => {
    if (request.url === '/hls.js') response.setHeader('Content-Type', 'text/javascript').end(script);
    else response.setHeader('Content-Type', 'text/html').end(pageOf(url));
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  onCleanup(t, () => {
    site.closeAllConnections();
    site.close();
  });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS, timeout: DEADLINE_MS });
  onCleanup(t, () => browser.close());
  const page: Page = await browser.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
  return { playback: async () => (await page.evaluate('playback()')) as Playback };
}

function pageOf(url: string): string {
  return `<!doctype html><video muted></video><script src="/hls.js"></script><script>
    const video = document.querySelector('video');
    const fatal = [];
    const hls = new Hls();
    hls.on(Hls.Events.ERROR, (_, error) => { if (error.fatal) fatal.push(error.details); });
    hls.loadSource(${JSON.stringify(url)});
    hls.attachMedia(video);
    video.play().catch((error) => { if (error.name !== 'AbortError') fatal.push(String(error)); });
    const playback = () => ({ seconds: video.currentTime, width: video.videoWidth, fatal });
  </script>`;
}
