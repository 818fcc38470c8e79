import { describe, expect, it } from 'vitest';
import { columnWindow, offsetsOf, rowWindow, slots } from './window.ts';

describe('windows', () => {
  it('draw few of many rows', () => {
    expect(rowWindow(0, 280, 28, 10_000)).toEqual({ first: 0, end: 16 });
    expect(rowWindow(28 * 5000, 280, 28, 10_000)).toEqual({ first: 4994, end: 5016 });
    expect(rowWindow(28 * 9990, 280, 28, 10_000)).toEqual({ first: 9984, end: 10_000 });
    expect(rowWindow(5000, 280, 28, 0)).toEqual({ first: 0, end: 0 });
  });

  it('draw few of many columns', () => {
    const offsets = offsetsOf(Array.from({ length: 200 }, () => 100));
    expect(offsets.at(-1)).toBe(20_000);
    expect(columnWindow(offsets, 0, 1000)).toEqual({ first: 0, end: 13 });
    expect(columnWindow(offsets, 10_050, 1000)).toEqual({ first: 98, end: 113 });
    expect(columnWindow(offsets, 19_000, 1000).end).toBe(200);
    expect(columnWindow([0], 0, 1000)).toEqual({ first: 0, end: 0 });
  });
});

it('gives every row of a window an element of its own', () => {
  const keys = slots({ first: 4994, end: 5016 }).map((entry) => entry.slot);
  expect(new Set(keys).size).toBe(22);
  // Scrolled on by one row, all but one element stay.
  const next = slots({ first: 4995, end: 5017 });
  expect(next.filter(({ index, slot }) => index < 5016 && slot === index % 22)).toHaveLength(21);
});
