export { oneLine } from '@dolphin/protocol/plain.js';

/** 950 → `950`, 12_345 → `12.3k`, 4_200_000 → `4.2M`. Five characters at most. */
export function shortNumber(value: number): string {
  if (value < 10_000) return String(Math.round(value));
  if (value < 999_500) return `${trimmed(value / 1e3)}k`;
  if (value < 999_500_000) return `${trimmed(value / 1e6)}M`;
  return `${trimmed(value / 1e9)}G`;
}

function trimmed(value: number): string {
  return value >= 99.95 ? String(Math.round(value)) : value.toFixed(1);
}

/** Bytes as `512K`, `13.5M`, `7.8G`, in powers of 1024. */
export function shortBytes(bytes: number): string {
  const units = ['', 'K', 'M', 'G', 'T'];
  let value = bytes;
  let unit = 0;
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)}${units[unit]}`;
}

/** `350 ms`, `12 s`, `7 min`, `3 h`, `2 d`. */
export function age(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

/** An ISO time as `2026-11-21` and `10:31:03.120`, at so many minutes from UTC. */
export function localTime(at: string, utcOffsetAt: (ms: number) => number): { date: string; time: string } {
  const ms = Date.parse(at);
  const [date = '', time = ''] = new Date(ms + utcOffsetAt(ms) * 60_000).toISOString().slice(0, 23).split('T');
  return { date, time };
}
