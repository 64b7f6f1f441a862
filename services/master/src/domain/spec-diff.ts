import { type FarmSpec, MAX_TEXT_CHARS, type SpecDifference } from '@dolphin/protocol';
import { sameJson } from './same-json.js';

/** Fields that would be another, by dotted path (`ports.streamRtmp`), in order; null stands for an absent one. */
export function specDifferences(from: FarmSpec | null, to: FarmSpec): SpecDifference[] {
  return differences('', from ?? {}, to).sort((a, b) => (a.field < b.field ? -1 : 1));
}

function differences(path: string, from: object, to: object): SpecDifference[] {
  const fields = new Set([...Object.keys(from), ...Object.keys(to)]);
  return [...fields].flatMap((name) => {
    const field = (path === '' ? name : `${path}.${name}`).slice(0, MAX_TEXT_CHARS);
    const was: unknown = Reflect.get(from, name) ?? null;
    const is: unknown = Reflect.get(to, name) ?? null;
    if (isGroup(was) && isGroup(is)) return differences(field, was, is);
    return sameJson(was, is) ? [] : [{ field, from: was, to: is }];
  });
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
