import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import { clearJournal, readJournal, writeJournal } from './journal.ts';

it('keeps what was typed until the server has it', async () => {
  expect(await readJournal('default/root/w1')).toBeNull();
  const entry = { key: 'default/root/w1', text: 'SELECT 1', rev: 3, at: 1 };
  await writeJournal(entry);
  await writeJournal({ ...entry, text: 'SELECT 2', at: 2 });
  expect((await readJournal('default/root/w1'))?.text).toBe('SELECT 2');
  expect(await readJournal('default/ann/w1')).toBeNull();
  await clearJournal('default/root/w1');
  expect(await readJournal('default/root/w1')).toBeNull();
});
