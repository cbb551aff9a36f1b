import { describe, expect, it } from 'vitest';
import { Samples } from '../src/measure/samples.ts';
import { median, pairedRatio, percentile, spread } from '../src/measure/statistics.ts';

describe('statistics', () => {
  it('find the middle, whatever the order', () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
    expect(median([])).toBeNaN();
    expect(median([10, 9, 100])).toBe(10);
  });

  it('find percentiles, between two values in proportion', () => {
    const hundred = Array.from({ length: 101 }, (_, index) => 100 - index);
    expect(percentile(hundred, 0)).toBe(0);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile(hundred, 1)).toBe(100);
    expect(percentile([0, 10], 0.25)).toBe(2.5);
  });

  it('do not change what they are given', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('say how far rounds lie apart, as a share of the median', () => {
    expect(spread([90, 100, 120])).toBeCloseTo(0.3);
    expect(spread([42])).toBe(0);
  });

  it('compare rounds with those beside them, so that a machine that becomes slower does not count', () => {
    expect(pairedRatio([90, 45, 9], [100, 50, 10])).toBeCloseTo(0.9);
    expect(pairedRatio([50, 80, 80], [100, 100, 100])).toBeCloseTo(0.8);
    expect(pairedRatio([50, 80, 80], [100])).toBeCloseTo(0.5);
  });

  it('keep samples as microseconds, and begin anew', () => {
    const samples = new Samples();
    expect(samples.summary()).toBeUndefined();
    for (const milliseconds of [0.001, 0.002, 0.003]) samples.add(milliseconds);
    expect(samples.summary()?.p50).toBeCloseTo(2);
    samples.clear();
    samples.add(1);
    expect(samples.summary()).toEqual({ p50: 1000, p99: 1000 });
  });
});
