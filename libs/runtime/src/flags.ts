import { parseArgs } from 'node:util';

/** The command line cannot be understood. A main prints `message` and its usage on stderr and exits 64. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** EX_USAGE of sysexits.h. */
  readonly exit = 64;
}

export interface FlagSpec {
  /** `string` takes a value, `int` a whole number ≥ 0, `boolean` none. */
  readonly type: 'string' | 'int' | 'boolean';
  readonly short?: string;
  /** Every occurrence counts: the value is an array. */
  readonly multiple?: boolean;
  readonly required?: boolean;
}
export type FlagSpecs = Readonly<Record<string, FlagSpec>>;

type ValueOf<S extends FlagSpec> = S['type'] extends 'boolean' ? boolean : S['type'] extends 'int' ? number : string;
type Given<S extends FlagSpec> = S['multiple'] extends true ? ValueOf<S>[] : ValueOf<S>;
export type Flags<T extends FlagSpecs> = {
  -readonly [K in keyof T]: T[K]['required'] extends true ? Given<T[K]> : Given<T[K]> | undefined;
};

/**
 * Reads a command line (without node and script). Names in `specs` are those of the flags, without dashes. Unknown
 * flags, missing values, words that are no flag (unless `positionals`) and bad numbers throw UsageError.
 */
export function parseFlags<const T extends FlagSpecs>(
  argv: readonly string[],
  specs: T,
  options: { positionals?: boolean } = {},
): { flags: Flags<T>; positionals: string[] } {
  const parsed = parseStrictly(argv, specs, options.positionals ?? false);
  const flags: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const value = parsed.values[name];
    if (value === undefined && spec.required) throw new UsageError(`--${name} is missing`);
    flags[name] = spec.type === 'int' && value !== undefined ? toInts(typed(argv, name, spec), value) : value;
  }
  return { flags: flags as Flags<T>, positionals: parsed.positionals };
}

function parseStrictly(argv: readonly string[], specs: FlagSpecs, allowPositionals: boolean) {
  const config = Object.fromEntries(
    Object.entries(specs).map(([name, { type, short, multiple = false }]) => [
      name,
      { type: type === 'boolean' ? ('boolean' as const) : ('string' as const), multiple, ...(short && { short }) },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options: config, allowPositionals, strict: true });
    return { values: values as Record<string, unknown>, positionals };
  } catch (error) {
    throw new UsageError(wordsOf(error, argv, specs), { cause: error });
  }
}

/** Node's words, but for a value that is not there, or that looks like a flag itself: `--edges -1`. */
function wordsOf(error: unknown, argv: readonly string[], specs: FlagSpecs): string {
  const why = error instanceof Error ? error.message : String(error);
  const [, letter, name, problem] =
    /^Option '(?:-(\w))?(?:, )?(?:--([\w-]+))?.*' argument (missing|is ambiguous)/.exec(why) ?? [];
  const found = Object.entries(specs).find(([one, { short }]) =>
    name === undefined ? short === letter : one === name,
  );
  if (problem === undefined || found === undefined) return why.split('\n')[0]?.replace(/\. To specify.*$/, '') ?? why;
  const flag = typed(argv, ...found);
  const [, spec] = found;
  const wants = `${flag} wants ${spec.type === 'int' ? 'a whole number' : 'a value'}`;
  return problem === 'missing' ? wants : `${wants}, not ${JSON.stringify(argv[argv.indexOf(flag) + 1] ?? '')}`;
}

/** A flag as it was typed: by its letter, or by its name. */
function typed(argv: readonly string[], name: string, { short }: FlagSpec): string {
  const isByName = argv.some((word) => word === `--${name}` || word.startsWith(`--${name}=`));
  return short === undefined || isByName ? `--${name}` : `-${short}`;
}

function toInts(flag: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => toInts(flag, one));
  const text = String(value);
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) {
    throw new UsageError(`${flag} wants a whole number, not ${JSON.stringify(text)}`);
  }
  return number;
}
