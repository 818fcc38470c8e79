import { describe, expect, it } from 'vitest';
import { sourcesOf, wantedAt } from './context.ts';

const sources = (sql: string) => sourcesOf(sql).map((source) => `${source.alias}=${source.name}`);

describe('sourcesOf', () => {
  it.each([
    ['SELECT * FROM t', ['t=t']],
    ['SELECT * FROM db.t AS a JOIN u b ON a.x = b.x WHERE 1', ['a=db.t', 'b=u']],
    ['SELECT * FROM t, u x ORDER BY 1', ['t=t', 'x=u']],
    ["SELECT * FROM @s/a/b.parquet (PATTERN => '.*') f LIMIT 1", ['f=@s/a/b.parquet']],
    ["SELECT * FROM '@s/a b.csv' c", ['c=@s/a b.csv']],
    ['SELECT (SELECT 1 FROM inner_table i) FROM -- t\n outer_table', ['i=inner_table', 'outer_table=outer_table']],
  ])('%s', (sql, expected) => expect(sources(sql)).toEqual(expected));
});

describe('wantedAt', () => {
  it.each([
    ['SELECT a FROM ', { kind: 'table', from: 14 }],
    ['SELECT a FROM sy', { kind: 'table', from: 14 }],
    ['SELECT t.na', { kind: 'member', of: 't', from: 9 }],
    ['SELECT na', { kind: 'expression', from: 7 }],
    ['SELECT * FROM @', { kind: 'location', stage: null, path: '', from: 14, isQuoted: false }],
    ['LIST @sta', { kind: 'location', stage: null, path: '', from: 5, isQuoted: false }],
    ['LIST @s/raw/2', { kind: 'location', stage: 's', path: 'raw/2', from: 8, isQuoted: false }],
    ["SELECT * FROM '@s/a b", { kind: 'location', stage: 's', path: 'a b', from: 18, isQuoted: true }],
    ["CREATE STAGE x URL = 's3://b/' CONNECTION = (CONNECTION_NAME = 'da", { kind: 'connection', from: 64 }],
    ['DROP CONNECTION x', { kind: 'connection', from: 16 }],
    ['SET max', { kind: 'setting', from: 4 }],
    ["SELECT 'abc", { kind: 'nothing' }],
    ['SELECT 1 -- abc', { kind: 'nothing' }],
  ])('%s', (before, expected) => expect(wantedAt(before)).toEqual(expected));
});
