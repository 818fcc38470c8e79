import { describe, expect, it } from 'vitest';
import { readMetric, readPlan, readTransfer } from './plan.ts';

const PLAN = `AggregateExec: mode=Final, gby=[], aggr=[count(Int64(1))], metrics=[output_rows=1, elapsed_compute=12.5µs, output_bytes=8.0 B]
  CoalescePartitionsExec, metrics=[output_rows=2, elapsed_compute=1.2µs]
    DataSourceExec: file_groups={2 groups: [[a.parquet:0..10], [b.parquet]]}, projection=[x, y], metrics=[output_rows=1.50 K, elapsed_compute=3ms, bytes_scanned=2048, row_groups_pruned_statistics=4 total → 2 matched]`;

describe('readPlan', () => {
  it('reads operators with their depth and metrics', () => {
    const operators = readPlan(PLAN);
    expect(operators.map((operator) => [operator.name, operator.depth])).toEqual([
      ['Aggregate', 0],
      ['CoalescePartitions', 1],
      ['DataSource', 2],
    ]);
    expect(operators[0]).toMatchObject({ rows: 1, computeMs: 0.0125, detail: 'mode=Final, gby=[], aggr=[count(Int64(1))]' });
    expect(operators[2]).toMatchObject({ rows: 1500, bytes: 2048, computeMs: 3 });
    expect(operators[2]?.metrics.at(-1)).toEqual(['row_groups_pruned_statistics', '4 total → 2 matched']);
  });

  it('is content with what is no plan', () => expect(readPlan('')).toEqual([]));
});

describe('readTransfer', () => {
  it('reads what was asked of S3', () =>
    expect(readTransfer('requests=4, bytes=9740000, rounds=2, cache_hits=3, cached_bytes=512, hedged=0, waited=61.2ms')).toEqual({
      requests: 4,
      bytes: 9740000,
      rounds: 2,
      cacheHits: 3,
      cachedBytes: 512,
      waitedMs: 61.2,
    }));

  it('is content with what is none', () => expect(readTransfer('')).toBeNull());
});

it.each([
  ['12.5µs', 0.0125],
  ['3s', 3000],
  ['1,024', 1024],
  ['2.0 KB', 2048],
  ['x', null],
])('%s is %s', (text, value) => expect(readMetric(text)).toBe(value));
