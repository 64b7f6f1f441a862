import { execFile } from 'node:child_process';

/**
 * How to start a child that dies with this process, whatever ends it: `setpriv --pdeathsig KILL` (util-linux) where
 * there is one that can. A stopped child dies, too, which no promise of its own could give.
 */
export type UnderParent = (command: string, args: readonly string[]) => { command: string; args: string[] };

/** Null: no such setpriv; children are then on their own when this process is killed. */
export async function findParentDeath(): Promise<UnderParent | null> {
  const works = await new Promise<boolean>((resolve) => {
    execFile('setpriv', ['--pdeathsig', 'KILL', '--', 'true'], { timeout: 5000 }, (error) => resolve(error === null));
  });
  if (!works) return null;
  return (command, args) => ({ command: 'setpriv', args: ['--pdeathsig', 'KILL', '--', command, ...args] });
}

export const asItIs: UnderParent = (command, args) => ({ command, args: [...args] });
