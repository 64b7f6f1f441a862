import { oneLine } from '@dolphin/protocol';
import pc from 'picocolors';

/** What the person at the terminal reads. Colours only on a terminal (picocolors looks). */
export interface Terminal {
  /** One line of its own. */
  say(text: string): void;
  /** Runs a step and prints it with its time, in ms. A step that fails is printed by whoever catches. */
  step<T>(title: string, detail: string, work: () => Promise<T>): Promise<T>;
  /** Something that happened later, with the time of day. Others may have worded it: it stays one line, whatever it holds. */
  happened(text: string): void;
}

const TITLE_WIDTH = 18;
const DETAIL_WIDTH = 44;

export function createTerminal(out: NodeJS.WritableStream = process.stdout): Terminal {
  // A terminal that went away must not take the farm with it.
  out.on('error', () => undefined);
  const say = (text: string) => void out.write(`${text}\n`);
  return {
    say,
    step: async (title, detail, work) => {
      const start = performance.now();
      const result = await work();
      const ms = String(Math.round(performance.now() - start)).padStart(6);
      say(`  ${title.padEnd(TITLE_WIDTH)} ${pc.dim(detail.padEnd(DETAIL_WIDTH))} ${ms} ms`);
      return result;
    },
    happened: (text) => say(`${pc.dim(new Date().toTimeString().slice(0, 8))} ${oneLine(text)}`),
  };
}
