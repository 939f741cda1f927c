// Figures from many runs, and how they are written.

export function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Of the nearest rank. */
export function percentile(values: number[], percent: number): number {
  if (values.length === 0) throw new Error('a percentile of nothing');
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]!;
}

/** Of an even number, the mean of the middle two. */
export function median(values: number[]): number {
  return (percentile(values, 50) + percentile(values, 50 + 50 / values.length)) / 2;
}

/** Over a field of several results. */
export function medianOf<T>(results: T[], figure: (result: T) => number): number {
  return median(results.map(figure));
}

/** How much `ys` grow with each of `xs`, by least squares. */
export function slope(xs: number[], ys: number[]): number {
  const [x, y] = [sum(xs) / xs.length, sum(ys) / ys.length];
  const over = sum(xs.map((value, at) => (value - x) * (ys[at]! - y)));
  return over / sum(xs.map(value => (value - x) ** 2));
}

export function millis(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

/** A kilobyte is 1,000 bytes, as in the budget. */
export function kilobytes(bytes: number): string {
  return `${(bytes / 1_000).toFixed(1)} KB`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en-GB');
}
