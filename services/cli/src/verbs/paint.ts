import type { StatusLevel } from '../domain/status-level.js';

/** Colour for people at a terminal: the headings, the level, what is wrong. Off a terminal the lines stay as they are. */
export async function paint(lines: string[], level: StatusLevel): Promise<string[]> {
  if (!process.stdout.isTTY || process.env['NO_COLOR']) return lines;
  const { default: colours } = await import('picocolors');
  const levelColour = { serving: colours.green, degraded: colours.yellow, critical: colours.red, unknown: colours.red };
  return lines.map((line, index) => {
    if (index === 0) return line.replace(level, levelColour[level](level));
    if (/^(HOST|EDGE|STREAM) /.test(line)) return colours.dim(line);
    return line.startsWith('! ') ? colours.yellow(line) : line;
  });
}
