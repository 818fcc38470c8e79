import { ApiError } from '../api/http.ts';
import { newQueryId, resumeQuery, runQuery, type Column, type QueryResult, type QueryStats, type Row } from '../api/query.ts';
import { bindParameters } from '../sql/parameters.ts';
import { maskSecrets } from '../sql/secrets.ts';
import type { Statement } from '../sql/statements.ts';
import type { WorksheetState } from './worksheet.svelte.ts';

export type ResultStatus = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';

/** Code of a query that was killed. */
const KILLED = 1043;
let nextKey = 1;

/** One statement that was run, and what came of it. */
export class StatementResult {
  readonly key = nextKey++;
  /** As it stands in the worksheet. */
  readonly statement: Statement;
  /** As it was sent, with its parameters written in. */
  sql: string;
  status = $state<ResultStatus>('waiting');
  queryId = $state('');
  columns = $state.raw<Column[]>([]);
  rows = $state.raw<Row[]>([]);
  truncated = $state(false);
  hasResultSet = $state(true);
  stats = $state.raw<QueryStats>({});
  warnings = $state.raw<string[]>([]);
  error = $state.raw<ApiError | null>(null);
  startedAt = $state(0);
  elapsedMs = $state(0);

  constructor(statement: Statement, sql: string) {
    this.statement = statement;
    this.sql = sql;
  }

  get isOver(): boolean {
    return this.status === 'done' || this.status === 'failed' || this.status === 'cancelled';
  }
}

interface Remembered {
  id: string;
  statement: Statement;
  sql: string;
}

/** What a worksheet runs and has run. */
export class RunState {
  results = $state.raw<StatementResult[]>([]);
  selected = $state(0);
  isRunning = $state(false);
  readonly #worksheet: WorksheetState;
  #abort: AbortController | null = null;

  constructor(worksheet: WorksheetState) {
    this.#worksheet = worksheet;
  }

  get current(): StatementResult | null {
    return this.results.find((result) => result.key === this.selected) ?? this.results[0] ?? null;
  }

  /** Runs statements one after the other, and stops at the first that fails. */
  async run(statements: Statement[]): Promise<void> {
    if (this.isRunning || !statements.length) return;
    const parameters = this.#worksheet.context.parameters ?? {};
    const results = statements.map(
      (statement) => new StatementResult(statement, bindParameters(statement.text, parameters)),
    );
    await this.#runAll(results, (result, options) =>
      runQuery(result.sql, { ...options, session: this.#worksheet.session, queryId: newQueryId() }),
    );
  }

  /** Goes on with the query that ran when this page was reloaded. */
  async resume(): Promise<void> {
    const remembered = this.#recall();
    if (!remembered || this.isRunning) return;
    const result = new StatementResult(remembered.statement, remembered.sql);
    await this.#runAll([result], (_, options) => resumeQuery(remembered.id, options));
  }

  async #runAll(
    results: StatementResult[],
    start: (result: StatementResult, options: Parameters<typeof runQuery>[1]) => Promise<QueryResult>,
  ): Promise<void> {
    this.results = results;
    this.selected = results[0]?.key ?? 0;
    this.isRunning = true;
    this.#abort = new AbortController();
    for (const result of results) {
      if (this.#abort.signal.aborted) {
        result.status = 'cancelled';
        continue;
      }
      this.selected = result.key;
      await this.#runOne(result, start);
      if (result.status !== 'done') break;
    }
    this.isRunning = false;
    this.#abort = null;
  }

  async #runOne(
    result: StatementResult,
    start: (result: StatementResult, options: Parameters<typeof runQuery>[1]) => Promise<QueryResult>,
  ): Promise<void> {
    const signal = this.#abort?.signal;
    result.status = 'running';
    result.startedAt = performance.now();
    try {
      const outcome = await start(result, {
        ...(signal ? { signal } : {}),
        onStart: (id) => {
          result.queryId = id;
          this.#remember({ id, statement: result.statement, sql: result.sql });
        },
        onProgress: (stats) => (result.stats = stats),
        onRows: (columns, rows) => {
          result.columns = columns;
          // A new array object, or nobody sees that it grew.
          result.rows = rows.slice();
        },
      });
      result.columns = outcome.columns;
      result.rows = outcome.rows;
      result.truncated = outcome.truncated;
      result.hasResultSet = outcome.hasResultSet || outcome.columns.length > 0;
      result.warnings = outcome.warnings;
      result.stats = outcome.stats;
      result.status = 'done';
      if (outcome.session) this.#keepSession(outcome.session);
    } catch (failure) {
      const error = failure instanceof ApiError ? failure : new ApiError(String(failure));
      result.error = error;
      result.status = signal?.aborted || error.code === KILLED ? 'cancelled' : 'failed';
    } finally {
      result.elapsedMs = performance.now() - result.startedAt;
      // A connection that broke, or a page that is left, says nothing of the query: it can be gone on with.
      if (!result.error?.isOffline) this.#forget();
    }
  }

  #keepSession(session: Record<string, unknown>): void {
    if (JSON.stringify(session) !== JSON.stringify(this.#worksheet.session)) {
      this.#worksheet.setContext({ session });
    }
  }

  cancel(): void {
    this.#abort?.abort();
  }

  get #key(): string {
    return `stagedoor.running.${this.#worksheet.id}`;
  }

  #remember(remembered: Remembered): void {
    try {
      const { id, statement, sql } = remembered;
      const kept = { id, statement: { ...statement, text: maskSecrets(statement.text) }, sql: maskSecrets(sql) };
      sessionStorage.setItem(this.#key, JSON.stringify(kept));
    } catch {
      // A reload then loses sight of the query; it is in the history.
    }
  }

  #forget(): void {
    try {
      sessionStorage.removeItem(this.#key);
    } catch {
      // As above.
    }
  }

  #recall(): Remembered | null {
    try {
      return JSON.parse(sessionStorage.getItem(this.#key) ?? 'null') as Remembered | null;
    } catch {
      return null;
    }
  }
}
