import { describe, expect, it } from 'vitest';
import { copyAs } from './copy.ts';

const columns = [
  { name: 'id', type: 'Int64' },
  { name: 'name', type: 'Nullable(String)' },
  { name: 'ok', type: 'Boolean' },
  { name: 'tags', type: 'Array(Int32)' },
];
const rows = [
  ['9223372036854775807', 'a\t"b"', '1', '[1,2]'],
  ['-1', null, '0', '[]'],
];

describe('copyAs', () => {
  it('writes TSV for spreadsheets', () => {
    expect(copyAs('tsv', columns, rows, true)).toBe(
      'id\tname\tok\ttags\n9223372036854775807\t"a\t""b"""\ttrue\t[1,2]\n-1\t\tfalse\t[]',
    );
  });

  it('writes CSV in which NULL and an empty text differ', () => {
    expect(copyAs('csv', columns.slice(0, 2), [['1', ''], ['2', null]], false)).toBe('1,""\n2,');
  });

  it('writes Markdown', () => {
    expect(copyAs('markdown', columns.slice(0, 2), [['1', 'a|b']], true)).toBe('| id | name |\n| ---: | --- |\n| 1 | a\\|b |');
  });

  it('writes JSON without losing a digit', () => {
    const text = copyAs('json', columns, rows, true);
    expect(text).toContain('"id": 9223372036854775807');
    expect(JSON.parse(text)[1]).toEqual({ id: -1, name: null, ok: false, tags: [] });
  });
});
