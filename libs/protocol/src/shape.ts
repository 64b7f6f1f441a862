/** A check of one place of a JSON document. */
export type Fits<T> = (value: unknown) => value is T;
/** What a check lets through. */
export type Fitting<F> = F extends Fits<infer T> ? T : never;

export const isText = (value: unknown): value is string => typeof value === 'string';
export const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
export const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';

export function oneOf<const T extends string | number>(...words: readonly T[]): Fits<T> {
  return (value): value is T => words.some((word) => word === value);
}

export function nullable<T>(fits: Fits<T>): Fits<T | null> {
  return (value): value is T | null => value === null || fits(value);
}

export function optional<T>(fits: Fits<T>): Fits<T | undefined> {
  return (value): value is T | undefined => value === undefined || fits(value);
}

export function either<A, B>(a: Fits<A>, b: Fits<B>): Fits<A | B> {
  return (value): value is A | B => a(value) || b(value);
}

export function listOf<T>(fits: Fits<T>): Fits<T[]> {
  return (value): value is T[] => Array.isArray(value) && value.every(fits);
}

/** Every field of T is named, which the compiler sees to; others may be there. */
export function shapeOf<T extends object>(fields: { readonly [K in keyof T]-?: Fits<T[K]> }): Fits<T> {
  const checks = Object.entries<Fits<unknown>>(fields);
  return (value): value is T => isRecord(value) && checks.every(([name, fits]) => fits(value[name]));
}

export function mapOf<T>(fits: Fits<T>): Fits<Record<string, T>> {
  return (value): value is Record<string, T> => isRecord(value) && Object.values(value).every(fits);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
