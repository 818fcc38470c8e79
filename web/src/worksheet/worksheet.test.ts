// @vitest-environment jsdom
import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readJournal, writeJournal } from './journal.ts';
import { WorksheetState } from './worksheet.svelte.ts';

let count = 0;
let id = '';
let key = '';

/** A server that keeps one worksheet, as docs/web-api.md says. */
class Server {
  worksheet = {
    id,
    name: 'Sales',
    folder: '',
    rev: 1,
    text: 'SELECT 1',
    context: {},
    share: null,
    created_at: '2026-11-28T12:00:00Z',
    updated_at: '2026-11-28T12:00:00Z',
    bytes: 8,
  };
  isDown = false;
  saves: { rev: number; text: string; keep_version?: boolean }[] = [];

  fetch = (path: string, options: RequestInit = {}): Promise<Response> => {
    if (this.isDown) return Promise.reject(new TypeError('Failed to fetch'));
    // A worksheet of an earlier test may still want to save: it is none of ours.
    if (path !== `/ui/api/worksheets/${id}`) return new Promise(() => {});
    expect((options.headers as Record<string, string>)['X-UI']).toBe('1');
    if (options.method !== 'PUT') return this.answer(200, this.worksheet);
    const change = JSON.parse(String(options.body));
    this.saves.push(change);
    if (change.rev !== this.worksheet.rev) {
      return this.answer(409, { error: { code: 409, message: 'changed' }, current: this.worksheet });
    }
    const { keep_version: _keep, ...rest } = change;
    this.worksheet = { ...this.worksheet, ...rest, rev: change.rev + 1 };
    return this.answer(200, this.worksheet);
  };

  answer(status: number, body: unknown): Promise<Response> {
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  }

  /** Another tab saves. */
  change(text: string): void {
    this.worksheet = { ...this.worksheet, text, rev: this.worksheet.rev + 1 };
  }
}

let server: Server;

beforeEach(() => {
  count += 1;
  id = `w${count}`;
  key = `//${id}`;
  server = new Server();
  vi.stubGlobal('fetch', server.fetch);
});
afterEach(() => vi.unstubAllGlobals());

describe('autosave', () => {
  it('saves what was typed, once, with the revision it was typed on', async () => {
    const worksheet = await WorksheetState.open(id);
    worksheet.type('SELECT 2');
    worksheet.type('SELECT 23');
    expect(worksheet.saving).toBe('editing');
    await worksheet.save();
    expect(server.saves).toMatchObject([{ rev: 1, text: 'SELECT 23' }]);
    expect(worksheet.saving).toBe('saved');
    expect(worksheet.isUnsaved).toBe(false);
    worksheet.type('SELECT 23');
    await worksheet.save();
    expect(server.saves).toHaveLength(1);
  });

  it('keeps the text on this device while the server is down, and saves it when it is back', async () => {
    const worksheet = await WorksheetState.open(id);
    server.isDown = true;
    worksheet.type('SELECT 3');
    await worksheet.save();
    expect(worksheet.saving).toBe('device');
    expect((await readJournal(key))?.text).toBe('SELECT 3');
    server.isDown = false;
    await worksheet.save();
    expect(worksheet.saving).toBe('saved');
    expect(server.worksheet.text).toBe('SELECT 3');
    expect(await readJournal(key)).toBeNull();
  });

  it('takes up what a closed tab had not saved', async () => {
    await writeJournal({ key, text: 'SELECT 4', rev: 1, at: 1 });
    const worksheet = await WorksheetState.open(id);
    expect(worksheet.text).toBe('SELECT 4');
    expect(worksheet.conflict).toBeNull();
    await worksheet.save();
    expect(server.worksheet.text).toBe('SELECT 4');
  });

  it('asks when what was not saved is older than what the server has', async () => {
    server.change('SELECT 5');
    await writeJournal({ key, text: 'SELECT 4', rev: 1, at: 1 });
    const worksheet = await WorksheetState.open(id);
    expect(worksheet.conflict?.text).toBe('SELECT 5');
    expect(worksheet.text).toBe('SELECT 4');
    await worksheet.settle('theirs');
    expect(worksheet.text).toBe('SELECT 5');
    expect(server.saves).toHaveLength(0);
  });

  it('asks when somebody else saved first, and keeps a version of what wins', async () => {
    const worksheet = await WorksheetState.open(id);
    server.change('SELECT 6');
    worksheet.type('SELECT 7');
    await worksheet.save();
    expect(worksheet.saving).toBe('conflict');
    await worksheet.settle('mine');
    expect(server.worksheet.text).toBe('SELECT 7');
    expect(server.saves.at(-1)).toMatchObject({ rev: 2, keep_version: true });
  });

  it('does not ask when both typed the same', async () => {
    const worksheet = await WorksheetState.open(id);
    server.change('SELECT 8');
    worksheet.type('SELECT 8');
    await worksheet.save();
    expect(worksheet.conflict).toBeNull();
    await worksheet.save();
    expect(worksheet.saving).toBe('saved');
  });

  it('follows another tab while nothing here is unsaved', async () => {
    const worksheet = await WorksheetState.open(id);
    server.change('SELECT 9');
    await worksheet.follow(2);
    expect(worksheet.text).toBe('SELECT 9');
    worksheet.type('SELECT 10');
    server.change('SELECT 11');
    await worksheet.follow(3);
    expect(worksheet.text).toBe('SELECT 10');
  });

  it('never saves a secret, and keeps it on the page', async () => {
    const worksheet = await WorksheetState.open(id);
    const text = "CREATE CONNECTION c STORAGE_TYPE = 's3' ACCESS_key_ID = 'A' SECRET_ACCESS_key = 'topsecret'";
    worksheet.type(text);
    await worksheet.save();
    expect(worksheet.text).toBe(text);
    expect(worksheet.saving).toBe('saved');
    expect(JSON.stringify(server.saves)).not.toContain('topsecret');
    server.isDown = true;
    worksheet.type(`${text} `);
    await worksheet.save();
    expect((await readJournal(key))?.text).not.toContain('topsecret');
  });
});
