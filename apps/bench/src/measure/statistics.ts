/** The middle one, or the mean of the two in the middle. `NaN` of nothing. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** `share` from 0 to 1; between two values it interpolates. `NaN` of nothing. */
export function percentile(values: readonly number[] | Float64Array, share: number): number {
  const sorted = Float64Array.from(values).sort();
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? low;
  return low + (high - low) * (at - below);
}

/** From the smallest to the largest, as a share of the median. 0 for a single value. */
export function spread(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / median(values);
}

/**
 * The median of the ratios of rounds that were run one beside the other: what slows the machine for a while slows both.
 * Rounds that the other has not are left out.
 */
export function pairedRatio(values: readonly number[], reference: readonly number[]): number {
  const pairs = Math.min(values.length, reference.length);
  return median(values.slice(0, pairs).map((value, index) => value / (reference[index] as number)));
}
