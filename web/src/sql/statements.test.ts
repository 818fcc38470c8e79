import { describe, expect, it } from 'vitest';
import { splitStatements, statementAt } from './statements.ts';

const texts = (sql: string) => splitStatements(sql).map((statement) => statement.text);

describe('splitStatements', () => {
  it('splits at semicolons and leaves blanks and comments outside', () => {
    expect(texts(' SELECT 1 ;\n-- two\nSELECT 2; ;; /* three */')).toEqual(['SELECT 1', 'SELECT 2']);
  });

  it.each([
    ["SELECT ';', 'it''s; so', 'a\\';b'"],
    ['SELECT "a;b" FROM `c;d`'],
    ['SELECT 1 -- ; not here\n + 2'],
    ['SELECT /* ; */ 2'],
    ['SELECT $$ ; $$'],
    ["LIST @s/a--b/*c PATTERN = ';'"],
  ])('keeps %s whole', (sql) => {
    expect(texts(`${sql};SELECT 2`)).toEqual([sql, 'SELECT 2']);
  });

  it('ends an open string at the end of the text', () => {
    expect(texts("SELECT 'a; b")).toEqual(["SELECT 'a; b"]);
  });

  it('stops a stage path at the semicolon', () => {
    expect(texts('LIST @s/p;SELECT 2')).toEqual(['LIST @s/p', 'SELECT 2']);
  });
});

describe('statementAt', () => {
  const sql = 'SELECT 1;\n\nSELECT 2; -- done\nSELECT 3';

  it.each([
    [0, 'SELECT 1'],
    [9, 'SELECT 1'],
    [10, 'SELECT 2'],
    [15, 'SELECT 2'],
    [27, 'SELECT 2'],
    [sql.length, 'SELECT 3'],
  ])('at %i is %s', (cursor, expected) => {
    expect(statementAt(sql, cursor)?.text).toBe(expected);
  });

  it('is nothing in an empty text', () => {
    expect(statementAt(' -- nothing', 3)).toBeNull();
  });
});
