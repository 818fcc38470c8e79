import { describe, expect, it } from 'vitest';
import { summarize } from './statistics.ts';

const all = (rows: unknown[]) => Uint32Array.from(rows.keys());

describe('summarize', () => {
  it('counts, and finds extremes without rounding', () => {
    const rows = [['9223372036854775807'], ['9223372036854775806'], [null], ['-5'], ['-5']];
    const summary = summarize(rows, all(rows), 0, 'number');
    expect(summary).toMatchObject({ count: 5, nulls: 1, distinct: 3, min: '-5', max: '9223372036854775807' });
  });

  it('puts every number into one bin', () => {
    const rows = Array.from({ length: 1000 }, (_, index) => [String(index)]);
    const summary = summarize(rows, all(rows), 0, 'number');
    expect(summary.bins).toHaveLength(20);
    expect(summary.bins.every((bin) => bin.count === 50)).toBe(true);
    expect(summary.mean).toBe('499.5');
    expect(summary.top).toEqual([]);
  });

  it('tells the most frequent texts', () => {
    const rows = [['b'], ['a'], ['b'], ['c']];
    expect(summarize(rows, all(rows), 0, 'text').top[0]).toEqual({ value: 'b', count: 2 });
  });

  it('is content with no rows', () => {
    expect(summarize([], new Uint32Array(), 0, 'number')).toMatchObject({ count: 0, min: null, bins: [] });
  });
});
