import { describe, expect, it } from 'vitest';
import { formatSql } from './formatSql.ts';

describe('formatSql', () => {
  it.each([
    "select a, count(*) from @s/raw/a.parquet (pattern => '.*x') t where a > 1 -- why\n group by a order by 2 desc limit 10",
    "create or replace connection c storage_type = 's3' role_arn = 'arn:aws:iam::987654321987:role/r'; select 1",
    'with q as (select x::int as y from t) select q.y, :day from q /* end */',
    "select $1:a::int, 'it''s' from '@s/odd name/a b.csv'",
  ])('is the same twice: %s', (sql) => {
    const once = formatSql(sql);
    expect(formatSql(once)).toBe(once);
    expect(once.replace(/\s+/g, '').toLowerCase()).toBe(sql.replace(/\s+/g, '').toLowerCase());
  });

  it('writes keywords large and lines apart', () => {
    expect(formatSql('select 1 from t where x = 2')).toBe('SELECT\n  1\nFROM\n  t\nWHERE\n  x = 2');
  });

  it('throws rather than change a text that it does not understand', () => {
    expect(() => formatSql("select 'open")).toThrow();
  });
});
