/** Tables fit it. */
const LEAST_WIDTH = 80;

/** As wide as the terminal. */
export function tableWidth(): number {
  return process.stdout.isTTY ? Math.max(LEAST_WIDTH, process.stdout.columns) : LEAST_WIDTH;
}
