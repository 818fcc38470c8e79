import { afterEach, expect, test, vi } from 'vitest';
import { ApiError } from './http.ts';
import { runQuery, type QueryStats } from './query.ts';

// The same files that the server's types are tested against: what it writes is what this app reads.
const WIRE = import.meta.glob<Record<string, unknown>>('../../../tests/wire/*.json', { eager: true, import: 'default' });
const NAMES = Object.keys(WIRE).map((path) => path.replace(/^.*\/|\.json$/g, ''));

function wire(name: string): Record<string, unknown> {
  const body = WIRE[`../../../tests/wire/${name}.json`];
  if (!body) throw new Error(`tests/wire has no ${name}.json`);
  return structuredClone(body);
}

/** A server that answers with these bodies, one after the other. */
function answerWith(...bodies: [status: number, body: unknown][]): string[] {
  const asked: string[] = [];
  const queue = [...bodies];
  vi.stubGlobal('fetch', (path: string, init?: RequestInit) => {
    asked.push(`${init?.method ?? 'GET'} ${path}`);
    const next = queue.shift();
    if (!next) throw new Error(`nobody expected ${path}`);
    return Promise.resolve(new Response(JSON.stringify(next[1]), { status: next[0] }));
  });
  return asked;
}

afterEach(() => vi.unstubAllGlobals());

test('one page is a whole result', async () => {
  const page = wire('query_response.one_page');
  answerWith([200, page]);
  const result = await runQuery('SELECT 1');
  expect(result.id).toBe(page.id);
  expect(result.columns).toEqual(page.schema);
  expect(result.rows).toEqual(page.data);
  expect(result.hasResultSet).toBe(true);
  expect(result.truncated).toBe(false);
});

test('pages follow each other by their links', async () => {
  const first = wire('query_response.first_of_many');
  const last = { ...wire('query_response.one_page'), schema: first.schema, data: [['3', null]], session: null, next_uri: null };
  const asked = answerWith([200, first], [200, last]);
  const seen: number[] = [];
  const result = await runQuery('SELECT 1', { onRows: (_, rows) => seen.push(rows.length) });
  expect(asked).toEqual(['POST /v1/query', `GET ${String(first.next_uri)}`]);
  expect(result.rows).toEqual([...(first.data as unknown[]), ['3', null]]);
  expect(seen.at(0)).toBe(2);
  expect(result.session).toEqual(first.session);
});

test('counters are read from pages and from the state', async () => {
  const starting = wire('query_response.still_starting');
  const page = wire('query_response.one_page');
  answerWith([200, starting], [200, page]);
  const seen: QueryStats[] = [];
  await runQuery('SELECT 1', { onProgress: (stats) => seen.push(stats) });
  expect(seen.at(-1)).toEqual(page.stats);
  const state = wire('state_response.running') as { stats: QueryStats };
  for (const stats of [state.stats, seen.at(-1)!]) {
    expect(stats.total_scan?.rows).toBeTypeOf('number');
    expect(stats.scan_progress?.bytes).toBeTypeOf('number');
    expect(stats.running_time_ms).toBeTypeOf('number');
  }
});

test('an error has code, message and the excerpt', async () => {
  const page = wire('query_response.syntax_error') as { error: { code: number; message: string; detail: string } };
  answerWith([200, page]);
  const failure = await runQuery('SELECT 1 FORM t').catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ApiError);
  expect(failure).toMatchObject(page.error);
});

test('a refusal by status is read the same way', async () => {
  const body = wire('error_response.wrong_password') as { error: { code: number; message: string } };
  answerWith([401, body]);
  const failure = await runQuery('SELECT 1').catch((error: unknown) => error);
  expect(failure).toMatchObject({ status: 401, ...body.error });
});

test('a statement without rows and changes of the session are told apart', async () => {
  answerWith([200, wire('query_response.statement_without_rows')]);
  expect(await runQuery('CREATE STAGE s')).toMatchObject({ hasResultSet: false, rows: [], columns: [] });
  for (const name of ['set_setting', 'use_database']) {
    const page = wire(`query_response.${name}`);
    answerWith([200, page]);
    expect((await runQuery('SET x')).session).toEqual(page.session);
  }
});

test('every page on the wire has what this app follows', () => {
  const names = NAMES.filter((name) => name.startsWith('query_response.'));
  expect(names.length).toBeGreaterThan(5);
  for (const name of names) {
    const page = wire(name);
    for (const member of ['id', 'state', 'schema', 'stats', 'data', 'next_uri', 'kill_uri', 'final_uri', 'error']) {
      expect(page, `${name} has ${member}`).toHaveProperty(member);
    }
  }
});
