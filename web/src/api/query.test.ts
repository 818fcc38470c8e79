import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from './http.ts';
import { runQuery, selectRows } from './query.ts';

type Answer = Record<string, unknown>;

/** A server that gives these pages, and writes down what it was asked. */
function serve(pages: Record<string, Answer>): string[] {
  const asked: string[] = [];
  vi.stubGlobal('fetch', (path: string, options: RequestInit = {}) => {
    asked.push(`${options.method} ${path.replace(/[0-9a-f]{32}/, 'ID')}`);
    const page = pages[path.replace(/[0-9a-f]{32}/, 'ID')] ?? {};
    return Promise.resolve(new Response(JSON.stringify(page), { status: 200 }));
  });
  return asked;
}

const page = (change: Answer): Answer => ({
  id: 'q1',
  state: 'Running',
  session: { database: 'default' },
  error: null,
  schema: [{ name: 'a', type: 'Int64' }],
  data: [],
  stats: { scan_progress: { rows: 1, bytes: 8 } },
  final_uri: '/v1/query/q1/final',
  kill_uri: '/v1/query/q1/kill',
  next_uri: null,
  ...change,
});

afterEach(() => vi.unstubAllGlobals());

describe('runQuery', () => {
  it('follows pages to the end and says that it wants no more', async () => {
    const asked = serve({
      '/v1/query': page({ data: [['1'], ['2']], next_uri: '/v1/query/q1/page/1' }),
      '/v1/query/q1/page/1': page({ data: [['3']], next_uri: '/v1/query/q1/final', state: 'Succeeded' }),
    });
    const grown: number[] = [];
    const result = await runQuery('SELECT a', { onRows: (_, rows) => grown.push(rows.length) });
    expect(result.rows).toEqual([['1'], ['2'], ['3']]);
    expect(result.truncated).toBe(false);
    expect(result.session).toEqual({ database: 'default' });
    expect(grown).toEqual([2, 3]);
    expect(asked).toEqual(['POST /v1/query', 'GET /v1/query/q1/page/1', 'POST /v1/query/q1/final']);
  });

  it('stops at the most rows that are wanted, and ends the query', async () => {
    const asked = serve({
      '/v1/query': page({ data: [['1'], ['2'], ['3']], next_uri: '/v1/query/q1/page/1' }),
    });
    const result = await runQuery('SELECT a', { rowsMax: 2 });
    expect(result.rows).toHaveLength(2);
    expect(result.truncated).toBe(true);
    expect(asked.at(-1)).toBe('POST /v1/query/q1/final');
  });

  it('says of exactly as many rows that there are no more', async () => {
    serve({ '/v1/query': page({ data: [['1'], ['2']], next_uri: '/v1/query/q1/final', state: 'Succeeded' }) });
    expect((await runQuery('SELECT a', { rowsMax: 2 })).truncated).toBe(false);
  });

  it('throws what the statement failed with', async () => {
    serve({
      '/v1/query': page({ state: 'Failed', error: { code: 1005, message: 'unexpected `FORM`', detail: '1 | x' } }),
    });
    await expect(runQuery('x')).rejects.toMatchObject({ code: 1005, detail: '1 | x' } satisfies Partial<ApiError>);
  });

  it('kills the query when it is cancelled, also before its first answer', async () => {
    const abort = new AbortController();
    const asked: string[] = [];
    vi.stubGlobal('fetch', async (path: string, options: RequestInit = {}) => {
      asked.push(`${options.method} ${path}`);
      if (path === '/v1/query') {
        abort.abort();
        await Promise.resolve();
        return new Response(JSON.stringify(page({ state: 'Failed', error: { code: 1043, message: 'killed' } })));
      }
      return new Response('{}');
    });
    await expect(runQuery('SELECT a', { signal: abort.signal, queryId: 'mine' })).rejects.toMatchObject({ code: 1043 });
    expect(asked).toContain('POST /v1/query/mine/kill');
  });

  it('gives rows by name', async () => {
    serve({ '/v1/query': page({ data: [['1'], [null]], state: 'Succeeded' }) });
    expect(await selectRows('SELECT a')).toEqual([{ a: '1' }, { a: null }]);
  });
});
