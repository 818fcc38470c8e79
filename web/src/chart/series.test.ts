import { describe, expect, it } from 'vitest';
import { fitSettings, readSeries, shortNumber, slicesOf, suggestChart, ticksOf } from './series.ts';

const columns = [
  { name: 'day', type: 'Date' },
  { name: 'country', type: 'Nullable(String)' },
  { name: 'total', type: 'Nullable(Int64)' },
  { name: 'mean', type: 'Float64' },
];
const rows = [
  ['2026-01-02', 'DE', '20', '1.5'],
  ['2026-01-01', 'FR', null, '2.5'],
  ['2026-01-03', 'IT', '5', '3.5'],
];

describe('suggestChart', () => {
  it('draws lines over time, bars over names, scores of one row', () => {
    expect(suggestChart(columns, rows)).toEqual({ kind: 'line', x: 'day', y: ['total', 'mean'] });
    expect(suggestChart(columns.slice(1), rows)).toEqual({ kind: 'bar', x: 'country', y: ['total'] });
    expect(suggestChart(columns.slice(2), [['1', '2']])).toEqual({ kind: 'score', x: '', y: ['total', 'mean'] });
    expect(suggestChart(columns.slice(1, 2), rows)).toBeNull();
  });
});

describe('fitSettings', () => {
  it('keeps what still fits when columns change', () => {
    const settings = { kind: 'bar' as const, x: 'country', y: ['total', 'gone'] };
    expect(fitSettings(settings, columns, rows)).toEqual({ kind: 'bar', x: 'country', y: ['total'] });
    expect(fitSettings({ ...settings, y: ['gone'] }, columns, rows)?.y).toEqual(['total', 'mean']);
  });
});

describe('readSeries', () => {
  it('orders a line by time and keeps gaps', () => {
    const data = readSeries({ kind: 'line', x: 'day', y: ['total'] }, columns, rows);
    expect(data.labels).toEqual(['2026-01-01', '2026-01-02', '2026-01-03']);
    expect(data.series[0]?.values).toEqual([null, 20, 5]);
  });

  it('draws no more than can be seen', () => {
    const many = Array.from({ length: 100 }, (_, index) => ['2026-01-01', `c${index}`, '1', '1']);
    const data = readSeries({ kind: 'bar', x: 'country', y: ['total'] }, columns, many);
    expect(data.labels).toHaveLength(40);
    expect(data.left).toBe(60);
  });
});

it('puts small slices together', () => {
  const many = Array.from({ length: 12 }, (_, index) => ['2026-01-01', `c${index}`, String(12 - index), '1']);
  const slices = slicesOf(readSeries({ kind: 'pie', x: 'country', y: ['total'] }, columns, many));
  expect(slices).toHaveLength(8);
  expect(slices.at(-1)).toMatchObject({ label: '5 others', value: 15 });
  expect(slices.reduce((sum, slice) => sum + slice.share, 0)).toBeCloseTo(1);
});

it('has round ticks and short numbers', () => {
  expect(ticksOf(0, 97)).toEqual([0, 20, 40, 60, 80, 100]);
  expect(ticksOf(-5, 12)).toEqual([-5, 0, 5, 10, 15]);
  expect([1234, 12_345, 1_234_567, 0.05].map(shortNumber)).toEqual(['1234', '12.35k', '1.235M', '0.05']);
});
