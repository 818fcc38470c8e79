import { describe, expect, it } from 'vitest';
import { filterHistory, historyRow, isOfApp } from './rows.ts';

describe('historyRow', () => {
  it('reads a query that failed', () => {
    const row = historyRow({ query_id: 'q1', sql: 'SELECT 1', user: 'ann', state: 'failed', error_code: '1005', error: 'no', duration_ms: '12' });
    expect(row).toMatchObject({ id: 'q1', state: 'failed', error: 'no', durationMs: 12, user: 'ann' });
  });

  it('knows a killed query by its code', () => {
    expect(historyRow({ query_id: 'q', state: 'failed', error_code: '1043' }).state).toBe('cancelled');
  });

  it('knows what runs', () => {
    expect(historyRow({ id: 'q', state: 'Running' }).state).toBe('running');
  });
});

it('tells where the time of a query went, and leaves out what was nothing', () => {
  const row = historyRow({ query_id: 'a', first_row_ms: '12', s3_wait_ms: '0', s3_rounds: '2', cache_hits: '1500' });
  expect(row.figures).toEqual([
    { label: 'First row after', value: '12 ms' },
    { label: 'Rounds of requests', value: '2' },
    { label: 'Cache hits', value: '1,500' },
  ]);
});

it('filters by text, user and state', () => {
  const rows = [
    historyRow({ query_id: 'a', sql: 'SELECT 1', user: 'ann', state: 'succeeded' }),
    historyRow({ query_id: 'b', sql: 'LIST @s', user: 'bob', state: 'succeeded' }),
  ];
  expect(filterHistory(rows, { text: 'list', user: '', state: '' }).map((row) => row.id)).toEqual(['b']);
  expect(filterHistory(rows, { text: '', user: 'ann', state: '' }).map((row) => row.id)).toEqual(['a']);
  expect(filterHistory(rows, { text: '', user: '', state: 'failed' })).toEqual([]);
});

it('tells what the app asks for itself', () => {
  expect(isOfApp(historyRow({ query_id: 'a', sql: 'SHOW ROLES /* asked by the app */' }))).toBe(true);
  expect(isOfApp(historyRow({ query_id: 'a', sql: 'SHOW ROLES' }))).toBe(false);
});
