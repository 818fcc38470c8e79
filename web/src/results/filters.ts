import type { Column } from '../api/query.ts';
import type { ValueKind } from './values.ts';
import type { Filter, FilterTest } from './view.svelte.ts';

export const TEST_LABELS: Record<FilterTest, string> = {
  contains: 'contains',
  equals: 'is',
  not: 'is not',
  above: 'is above',
  below: 'is below',
  null: 'is NULL',
  'not null': 'is not NULL',
};

/** Tests that make sense for a kind of column, the likeliest first. */
export function testsFor(kind: ValueKind): FilterTest[] {
  if (kind === 'number' || kind === 'time') return ['above', 'below', 'equals', 'not', 'null', 'not null'];
  if (kind === 'boolean') return ['equals', 'null', 'not null'];
  return ['contains', 'equals', 'not', 'null', 'not null'];
}

export function needsValue(test: FilterTest): boolean {
  return test !== 'null' && test !== 'not null';
}

export function chipLabel(filter: Filter, columns: Column[]): string {
  const name = columns[filter.column]?.name ?? '';
  return `${name} ${TEST_LABELS[filter.test]}${needsValue(filter.test) ? ` ${filter.value}` : ''}`;
}
