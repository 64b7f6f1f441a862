const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Of a date without a zone nobody knows which one is meant. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/;

/** `90s`, `30m`, `2h`, `7d` before `nowMs`, or an ISO time with its zone, as ms since 1970; null: neither, or before 1970. */
export function sinceMs(text: string, nowMs: number): number | null {
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const ms =
    count === undefined
      ? TIME.test(text)
        ? Date.parse(text)
        : Number.NaN
      : nowMs - Number(count) * (UNIT_MS[unit] ?? 0);
  return ms >= 0 ? ms : null;
}
