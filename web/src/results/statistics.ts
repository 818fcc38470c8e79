import type { Row } from '../api/query.ts';
import { compareValues, toNumber, type ValueKind } from './values.ts';

export interface Bin {
  from: string;
  to: string;
  count: number;
}

export interface ColumnSummary {
  count: number;
  nulls: number;
  distinct: number;
  min: string | null;
  max: string | null;
  /** Of numbers alone, rounded for reading. */
  mean: string | null;
  bins: Bin[];
  /** The most frequent values, for columns that are no numbers. */
  top: { value: string; count: number }[];
}

const BINS = 20;
const TOP = 8;

/** What can be said of one column from the rows that are there. */
export function summarize(rows: Row[], order: Uint32Array, column: number, kind: ValueKind): ColumnSummary {
  const counts = new Map<string, number>();
  let nulls = 0;
  let min: string | null = null;
  let max: string | null = null;
  let sum = 0;
  let summed = 0;
  const numbers: number[] = [];
  const isMeasured = kind === 'number' || kind === 'time';
  for (const index of order) {
    const value = rows[index]?.[column] ?? null;
    if (value === null) {
      nulls += 1;
      continue;
    }
    counts.set(value, (counts.get(value) ?? 0) + 1);
    if (min === null || compareValues(kind, value, min) < 0) min = value;
    if (max === null || compareValues(kind, value, max) > 0) max = value;
    const number = isMeasured ? toNumber(kind, value) : null;
    if (number !== null) {
      numbers.push(number);
      sum += number;
      summed += 1;
    }
  }
  const top = [...counts.entries()]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, TOP)
    .map(([value, count]) => ({ value, count }));
  return {
    count: order.length,
    nulls,
    distinct: counts.size,
    min,
    max,
    mean: kind === 'number' && summed ? Number((sum / summed).toPrecision(6)).toString() : null,
    bins: isMeasured ? histogram(numbers, kind) : [],
    top: isMeasured && counts.size > TOP ? [] : top,
  };
}

function histogram(numbers: number[], kind: ValueKind): Bin[] {
  if (!numbers.length) return [];
  let low = Infinity;
  let high = -Infinity;
  for (const number of numbers) {
    low = Math.min(low, number);
    high = Math.max(high, number);
  }
  if (low === high) return [{ from: label(low, kind), to: label(high, kind), count: numbers.length }];
  const counts = new Array<number>(BINS).fill(0);
  const width = (high - low) / BINS;
  for (const number of numbers) {
    const bin = Math.min(BINS - 1, Math.floor((number - low) / width));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts.map((count, index) => ({
    from: label(low + index * width, kind),
    to: label(low + (index + 1) * width, kind),
    count,
  }));
}

function label(value: number, kind: ValueKind): string {
  if (kind === 'time') return new Date(value).toISOString().replace('T', ' ').slice(0, 19);
  return Number(value.toPrecision(6)).toString();
}
