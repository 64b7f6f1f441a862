import { ConfError, type Directive, findDirective } from './conf-tree.js';

/**
 * Typed reading of a block. A missing directive gives the default; a wrong value throws ConfError with its own
 * file and line. Of several directives with one name the first counts, as in SRS.
 */
export class ConfView {
  readonly directives: readonly Directive[];
  /** The directive whose block this is; null for the root and for a block that is not there. */
  readonly owner: Directive | null;

  constructor(directives: readonly Directive[], owner: Directive | null = null) {
    this.directives = directives;
    this.owner = owner;
  }

  has(name: string): boolean {
    return findDirective(this.directives, name) !== undefined;
  }

  find(name: string): Directive | undefined {
    return findDirective(this.directives, name);
  }

  /** The block of the first directive of that name; an empty view when there is none. */
  block(name: string): ConfView {
    const found = this.find(name);
    return new ConfView(found?.block ?? [], found ?? null);
  }

  /** A view for each directive of that name: `vhost a { } vhost b { }`. Their first argument is `owner.args[0]`. */
  blocks(name: string): ConfView[] {
    return this.directives.filter((item) => item.name === name).map((item) => new ConfView(item.block ?? [], item));
  }

  /** `on` or `off`. SRS takes any other word for the default; here it is refused: a typing error is not a choice. */
  onOff(name: string, fallback: boolean): boolean {
    const value = this.#argument(name);
    if (value === undefined || value === 'on' || value === 'off')
      return value === undefined ? fallback : value === 'on';
    throw this.error(name, `${name} is on or off, not ${value}`);
  }

  int(name: string, fallback: number, range: { min?: number; max?: number } = {}): number {
    const value = this.#argument(name);
    if (value === undefined) return fallback;
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = range;
    const number = /^-?\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw this.error(name, `${name} is a whole number from ${min} to ${max}, not ${value}`);
  }

  /** A number that may have a fraction: SRS's time-outs in seconds. */
  number(name: string, fallback: number, range: { min?: number; max?: number } = {}): number {
    const value = this.#argument(name);
    if (value === undefined) return fallback;
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = range;
    const number = /^-?\d{1,16}(\.\d{1,9})?$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw this.error(name, `${name} is a number from ${min} to ${max}, not ${value}`);
  }

  string(name: string, fallback: string): string {
    return this.#argument(name) ?? fallback;
  }

  choice<const Value extends string>(name: string, values: readonly Value[], fallback: Value): Value {
    const value = this.#argument(name);
    if (value === undefined) return fallback;
    const chosen = values.find((each) => each === value);
    if (chosen !== undefined) return chosen;
    throw this.error(name, `${name} is one of ${values.join(', ')}, not ${value}`);
  }

  /** All arguments of the first directive of that name: `origin a:1935 b:1935;`. */
  strings(name: string): readonly string[] {
    return this.find(name)?.args ?? [];
  }

  /** An error at that directive, or at the block when the directive is missing. */
  error(name: string, why: string): ConfError {
    const at = this.find(name) ?? this.owner ?? this.directives[0];
    return new ConfError(at?.file ?? '<conf>', at?.line ?? 1, why);
  }

  #argument(name: string): string | undefined {
    const found = this.find(name);
    if (found === undefined) return undefined;
    if (found.args.length === 0) throw new ConfError(found.file, found.line, `${name} lacks its value`);
    return found.args[0];
  }
}

/** `1936`, `127.0.0.1:1936`, `[::]:1936` of a listen directive. Without an address: all of them, address ''. */
export function parseListen(text: string): { address: string; port: number } | null {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  return match !== null && port >= 1 && port <= 65535 ? { address: match[1] ?? match[2] ?? '', port } : null;
}
