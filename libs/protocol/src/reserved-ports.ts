/**
 * Ports of ours that the kernel may give to outgoing connections: those in `ip_local_port_range` ("32768\t60999") that
 * `ip_local_reserved_ports` ("8080,33330-33340") does not keep. A start then fails now and then with a port taken.
 */
export function unreservedPorts(ports: readonly number[], range: string, reserved: string): number[] {
  const [low = 0, high = 0] = range.trim().split(/\s+/).map(Number);
  const kept = reserved
    .split(',')
    .map((part) => part.trim().split('-').map(Number))
    .map(([from = Number.NaN, to = from]) => ({ from, to }));
  return ports.filter(
    (port) => port >= low && port <= high && !kept.some(({ from, to }) => port >= from && port <= to),
  );
}

/** [1, 2, 3, 7] → "1-3,7", as the kernel's setting has it. */
export function portRanges(ports: readonly number[]): string {
  const ranges: { from: number; to: number }[] = [];
  for (const port of [...new Set(ports)].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && last.to + 1 === port) last.to = port;
    else ranges.push({ from: port, to: port });
  }
  return ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}
