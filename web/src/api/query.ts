import { ApiError, send, sendJson } from './http.ts';

/** One column of a result. */
export interface Column {
  name: string;
  type: string;
}

export interface Counter {
  rows: number;
  bytes: number;
}

/** What the server knows of a query while it runs. */
export interface QueryStats {
  scan_progress?: Counter;
  write_progress?: Counter;
  result_progress?: Counter;
  total_scan?: Counter;
  running_time_ms?: number;
}

/** A row: texts as the server wrote them, so that no number loses a digit. */
export type Row = (string | null)[];

/** The client's session: database, role and settings, which the server sends back changed. */
export type Session = Record<string, unknown>;

interface QueryPage {
  id: string;
  state: string;
  session?: Session | null;
  error?: { code: number; message: string; detail?: string } | null;
  warnings?: string[];
  has_result_set?: boolean | null;
  schema?: Column[];
  data?: Row[];
  stats?: QueryStats;
  affect?: unknown;
  stats_uri?: string | null;
  next_uri?: string | null;
  final_uri?: string | null;
  kill_uri?: string | null;
}

export interface QueryResult {
  id: string;
  columns: Column[];
  rows: Row[];
  /** There are more rows than were fetched. */
  truncated: boolean;
  warnings: string[];
  stats: QueryStats;
  elapsedMs: number;
  session: Session | null;
  hasResultSet: boolean;
}

export interface QueryOptions {
  session?: Session | null;
  /** Rows after which the query is ended; the grid shows this many at most. */
  rowsMax?: number;
  signal?: AbortSignal;
  /** The id by which this query can be found again after a reload. */
  queryId?: string;
  onStart?: (id: string) => void;
  onProgress?: (stats: QueryStats) => void;
  onRows?: (columns: Column[], rows: Row[]) => void;
}

/** Rows that a worksheet keeps in the browser. */
export const ROWS_MAX = 10_000;
const PAGE_ROWS = 2_000;
/** How long the server may hold a page back; the state is asked in between, so progress does not wait for it. */
const WAIT_SECS = 5;
const PROGRESS_EVERY_MS = 250;

/** Runs one statement to its end and gives all of it; throws an [`ApiError`] when it fails. */
export async function runQuery(sql: string, options: QueryOptions = {}): Promise<QueryResult> {
  const queryId = options.queryId ?? newQueryId();
  const started = performance.now();
  options.onStart?.(queryId);
  // The id is ours, so that the query can be watched and killed before its first answer is there.
  const early = { id: queryId, state: 'Starting', next_uri: '' } satisfies QueryPage;
  const kill = () => void killQuery(early);
  options.signal?.addEventListener('abort', kill, { once: true });
  const stopWatching = watchProgress(early, options);
  let first: QueryPage;
  try {
    // This request is not aborted by the signal: what it started must be known to be killed.
    first = await sendJson<QueryPage>('/v1/query', {
      method: 'POST',
      headers: { 'X-DATABEND-QUERY-ID': queryId },
      body: {
        sql,
        session: options.session ?? undefined,
        pagination: { wait_time_secs: WAIT_SECS, max_rows_per_page: PAGE_ROWS },
      },
    });
  } finally {
    stopWatching();
    options.signal?.removeEventListener('abort', kill);
  }
  return follow(first, started, options);
}

/** Goes on with a query that another page of this browser started. */
export async function resumeQuery(id: string, options: QueryOptions = {}): Promise<QueryResult> {
  const started = performance.now();
  options.onStart?.(id);
  const first = await sendJson<QueryPage>(`/v1/query/${encodeURIComponent(id)}/page/0`);
  return follow(first, started, options);
}

async function follow(first: QueryPage, started: number, options: QueryOptions): Promise<QueryResult> {
  const rowsMax = options.rowsMax ?? ROWS_MAX;
  const result: QueryResult = {
    id: first.id,
    columns: [],
    rows: [],
    truncated: false,
    warnings: [],
    stats: {},
    elapsedMs: 0,
    session: null,
    hasResultSet: false,
  };
  const kill = () => void killQuery(first);
  options.signal?.addEventListener('abort', kill, { once: true });
  if (options.signal?.aborted) kill();
  const stopWatching = watchProgress(first, options);
  try {
    for (let page: QueryPage | null = first; page; ) {
      take(page, result, rowsMax, options);
      const isLast: boolean = result.truncated || !mayHaveMore(page);
      if (isLast) {
        // Behind `final` the server knows the query no more, and asking for its state would be an error.
        stopWatching();
        const final: string | null | undefined = page.next_uri?.endsWith('/final') ? page.next_uri : page.final_uri;
        if (final && (result.truncated || page.next_uri)) {
          await send(final, { method: 'POST' }).catch(() => undefined);
        }
        page = null;
      } else page = await sendJson<QueryPage>(page.next_uri as string);
    }
  } finally {
    stopWatching();
    options.signal?.removeEventListener('abort', kill);
  }
  result.elapsedMs = performance.now() - started;
  return result;
}

function take(page: QueryPage, result: QueryResult, rowsMax: number, options: QueryOptions): void {
  if (page.error) {
    const { code, message, detail } = page.error;
    throw new ApiError(message, { code, status: 200, detail: detail ?? '' });
  }
  if (page.schema?.length) result.columns = page.schema;
  if (page.has_result_set != null) result.hasResultSet = page.has_result_set;
  if (page.session) result.session = page.session;
  if (page.warnings?.length) result.warnings = page.warnings;
  if (page.stats) {
    result.stats = page.stats;
    options.onProgress?.(page.stats);
  }
  const fresh = page.data ?? [];
  const room = rowsMax - result.rows.length;
  const taken = fresh.length > room ? fresh.slice(0, room) : fresh;
  for (const row of taken) result.rows.push(row);
  // With no room left and pages to come there may be more rows; an empty last page says that there are none.
  result.truncated = fresh.length > room || (room - taken.length === 0 && fresh.length > 0 && mayHaveMore(page));
  if (taken.length || page.schema?.length) options.onRows?.(result.columns, result.rows);
}

function mayHaveMore(page: QueryPage): boolean {
  return Boolean(page.next_uri) && !page.next_uri?.endsWith('/final');
}

async function killQuery(page: QueryPage): Promise<void> {
  await send(page.kill_uri ?? `/v1/query/${page.id}/kill`, { method: 'POST' }).catch(() => undefined);
}

/** Pages wait for rows; how far the scan is comes from asking for the state in between. */
function watchProgress(first: QueryPage, options: QueryOptions): () => void {
  if (!options.onProgress || first.next_uri === null) return () => {};
  const abort = new AbortController();
  let timer = setTimeout(ask, PROGRESS_EVERY_MS);
  async function ask() {
    try {
      const state = await sendJson<{ stats?: QueryStats }>(`/v1/query/${first.id}`, {
        signal: abort.signal,
        keepUnauthorized: true,
      });
      if (!abort.signal.aborted && state.stats) options.onProgress?.(state.stats);
    } catch (failure) {
      // The login is over: whoever waits for the rows asks for another one.
      if (failure instanceof ApiError && failure.status === 401) return;
      // Or the query has ended, and its state with it.
    }
    if (!abort.signal.aborted) timer = setTimeout(ask, PROGRESS_EVERY_MS);
  }
  return () => {
    abort.abort();
    clearTimeout(timer);
  };
}

/** Behind statements that the app asks for its own pages, so that the history can tell them from people's. */
export const APP_MARK = '/* asked by the app */';

/** What a page of the app asks to show something; nobody typed it, and the history leaves it out. */
export function askForPage(sql: string, options: QueryOptions = {}): Promise<Record<string, string | null>[]> {
  return selectRows(`${sql} ${APP_MARK}`, options);
}

/** A small result as objects by column name, for what a person asked by a button. */
export async function selectRows(
  sql: string,
  options: QueryOptions = {},
): Promise<Record<string, string | null>[]> {
  const result = await runQuery(sql, options);
  return result.rows.map((row) =>
    Object.fromEntries(result.columns.map((column, index) => [column.name, row[index] ?? null])),
  );
}

/** A fresh id for a query of this browser. */
export function newQueryId(): string {
  return crypto.randomUUID().replaceAll('-', '');
}
