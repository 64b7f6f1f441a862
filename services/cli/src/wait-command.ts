import { type Command, InvalidArgumentError } from 'commander';
import { parseWait, type WaitExpression } from './domain/wait-expression.js';
import { duration } from './time-options.js';

export interface WaitAsked {
  readonly verb: 'wait';
  readonly expression: WaitExpression;
  readonly timeoutMs: number;
}

const DEFAULT_TIMEOUT = '60s';

export function addWaitVerb(verb: Command, take: (asked: WaitAsked, json: boolean | undefined) => void): void {
  verb
    .requiredOption(
      '--for <conditions>',
      "what is to be so, as 'ready>=6', 'settled' or 'h1.clients==0,h1.draining'",
      expression,
    )
    .option('--timeout <time>', 'how long at most', duration, duration(DEFAULT_TIMEOUT))
    .action((o: { json?: boolean; for: WaitExpression; timeout: number }) => {
      take({ verb: 'wait', expression: o.for, timeoutMs: o.timeout }, o.json);
    });
}

function expression(text: string): WaitExpression {
  const parsed = parseWait(text);
  if (typeof parsed === 'string') throw new InvalidArgumentError(parsed);
  return parsed;
}
