// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { moveByKey } from './keys.ts';
import { ResultView } from './view.svelte.ts';

function view(): ResultView {
  const made = new ResultView();
  made.columns = [
    { name: 'id', type: 'Int64' },
    { name: 'team', type: 'Nullable(String)' },
  ];
  made.rows = [
    ['10', 'b'],
    ['9', null],
    ['9223372036854775807', 'a'],
    ['-1', 'B'],
  ];
  return made;
}

const shown = (of: ResultView, column = 0) => Array.from({ length: of.order.length }, (_, row) => of.value(row, column));

describe('ResultView', () => {
  it('sorts numbers as numbers, keeps NULL last, and gives the first order back', () => {
    const it = view();
    it.setSort(0, false);
    expect(shown(it)).toEqual(['-1', '9', '10', '9223372036854775807']);
    it.setSort(1, true);
    expect(shown(it, 1)).toEqual(['b', 'a', 'B', null]);
    it.setSort(1, null);
    expect(shown(it)).toEqual(['10', '9', '9223372036854775807', '-1']);
  });

  it('filters by column and by text', () => {
    const it = view();
    it.filters = [{ column: 0, test: 'above', value: '9' }];
    expect(shown(it)).toEqual(['10', '9223372036854775807']);
    it.filters = [{ column: 1, test: 'null', value: '' }];
    expect(shown(it)).toEqual(['9']);
    it.filters = [];
    it.search = 'B';
    expect(shown(it)).toEqual(['10', '-1']);
    expect(it.isNarrowed).toBe(true);
  });

  it('is walked by keys, and selects with Shift', () => {
    const it = view();
    const press = (key: string, more: KeyboardEventInit = {}) =>
      moveByKey(it, new KeyboardEvent('keydown', { key, ...more }), 2);
    press('End', { ctrlKey: true });
    expect(it.cell).toEqual({ row: 3, column: 1 });
    press('PageUp');
    press('Home', { shiftKey: true });
    expect(it.range).toEqual({ top: 1, bottom: 1, left: 0, right: 1 });
    expect(it.block(it.range)).toEqual([['9', null]]);
    press('ArrowUp', { ctrlKey: true });
    press('ArrowUp');
    expect(it.cell).toEqual({ row: 0, column: 0 });
    expect(press('x')).toBe(false);
  });
});
