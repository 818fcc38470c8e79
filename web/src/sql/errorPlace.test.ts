import { describe, expect, it } from 'vitest';
import { placeOfName, readDetail } from './errorPlace.ts';

const marked = (sql: string, detail: string) => {
  const { place } = readDetail(sql, detail);
  return place && sql.slice(place.from, place.to);
};

describe('readDetail', () => {
  it('finds the words above the carets', () => {
    expect(marked('SELECT 1 FORM t', '1 | SELECT 1 FORM t\n  |          ^^^^')).toBe('FORM');
  });

  it('counts lines', () => {
    const sql = "CREATE CONNECTION c\nSTORAGE_TYP = 's3'";
    expect(marked(sql, "2 | STORAGE_TYP = 's3'\n  | ^^^^^^^^^^^\nhint: x")).toBe('STORAGE_TYP');
  });

  it('knows that a tab is drawn as four blanks', () => {
    expect(marked('\tSELECT x', '1 |     SELECT x\n  |            ^')).toBe('x');
  });

  it('finds a place in a line that was cut', () => {
    const sql = `SELECT ${'a, '.repeat(60)}nosuch FROM t`;
    const at = sql.indexOf('nosuch');
    const drawn = `… ${sql.slice(at - 50)}`;
    expect(marked(sql, `1 | ${drawn}\n  | ${' '.repeat(52)}^^^^^^`)).toBe('nosuch');
  });

  it('keeps hints apart', () => {
    const { hints, excerpt } = readDetail('x', '1 | x\n  | ^\nhint: do that\nhint: or this');
    expect(hints).toEqual(['do that', 'or this']);
    expect(excerpt).toBe('1 | x\n  | ^');
  });

  it('is content without a drawing', () => {
    expect(readDetail('SELECT 1', 'hint: log in').place).toBeNull();
  });
});

describe('placeOfName', () => {
  it.each([
    ['SELECT number,\n  nosuch\nFROM numbers(10)', 'no field named nosuch. Valid fields are number', 'nosuch'],
    ['SELECT t.nosuch FROM t', 'no field named t.nosuch.', 't.nosuch'],
    ['LIST @abc/x', 'stage `abc` does not exist', 'abc'],
    ["SELECT * FROM system.nope", "table 'default.system.nope' not found", 'nope'],
  ])('%s', (sql, message, expected) => {
    const place = placeOfName(sql, message);
    expect(place && sql.slice(place.from, place.to)).toBe(expected);
  });

  it('is nothing when the name is not there', () => {
    expect(placeOfName('SELECT 1', 'no field named x')).toBeNull();
    expect(placeOfName('SELECT xy', 'no field named x')).toBeNull();
  });
});
