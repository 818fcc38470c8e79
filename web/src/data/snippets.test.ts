import { expect, it } from 'vitest';
import { snippetsFor } from './snippets.ts';

it('quotes what must be quoted', () => {
  const sql = snippetsFor('s', "raw/it's a.csv.gz").map((snippet) => snippet.sql);
  expect(sql[0]).toBe("SELECT *\nFROM '@s/raw/it''s a.csv.gz'\nLIMIT 100");
  expect(sql[2]).toBe("SELECT *\nFROM @s/raw/ (PATTERN => '.*\\\\.csv\\\\.gz')\nLIMIT 100");
  expect(snippetsFor('s', 'a.parquet')[1]?.sql).toBe('SELECT count(*)\nFROM @s/a.parquet');
});
