import type { Column, Row } from '../api/query.ts';

const SAMPLE_ROWS = 60;
const CHARACTER = 7.6;
const MARGIN = 26;
const MIN = 84;
const MAX = 340;

/** Widths that show most of what the first rows hold. */
export function startWidths(columns: Column[], rows: Row[]): number[] {
  const sample = rows.slice(0, SAMPLE_ROWS);
  return columns.map((column, index) => {
    let longest = Math.max(column.name.length + 5, Math.min(column.type.length, 16));
    for (const row of sample) longest = Math.max(longest, row[index]?.length ?? 4);
    return Math.round(Math.max(MIN, Math.min(MAX, longest * CHARACTER + MARGIN)));
  });
}
