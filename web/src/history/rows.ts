import { APP_MARK } from '../api/query.ts';
import { formatCount, formatDuration } from '../ui/format.ts';

/** A statement of the past or present, whatever the server's columns are called. */
export interface HistoryRow {
  id: string;
  sql: string;
  user: string;
  state: 'running' | 'succeeded' | 'failed' | 'cancelled';
  error: string;
  startedAt: string;
  durationMs: number | null;
  rows: string | null;
  bytes: number | null;
  requests: string | null;
  /** Where its time went, and what it did not have to fetch; each with a label, in order. */
  figures: { label: string; value: string }[];
  fields: [string, string][];
}

type Raw = Record<string, string | null>;

function pick(row: Raw, names: string[]): string | null {
  for (const name of names) {
    const value = row[name];
    if (value !== undefined && value !== null && value !== '') return value;
  }
  return null;
}

function stateOf(row: Raw): HistoryRow['state'] {
  const state = (pick(row, ['state', 'status', 'log_type_name', 'query_state']) ?? '').toLowerCase();
  const code = pick(row, ['exception_code', 'error_code']);
  if (code === '1043' || /cancel|kill|abort/.test(state) || /was killed by/.test(row.error ?? '')) return 'cancelled';
  if (/run|start|queue|execut/.test(state)) return 'running';
  if (/fail|error/.test(state) || (code !== null && code !== '0')) return 'failed';
  return 'succeeded';
}

/** One row of `system.query_history` or `system.processes`. */
export function historyRow(row: Raw): HistoryRow {
  const duration = pick(row, ['duration_ms', 'query_duration_ms', 'elapsed_ms', 'total_ms']);
  const seconds = pick(row, ['duration_secs', 'time', 'elapsed_secs']);
  const bytes = pick(row, ['s3_bytes', 'scanned_bytes']);
  return {
    id: pick(row, ['query_id', 'id']) ?? '',
    sql: pick(row, ['query_text', 'sql', 'query', 'extra_info', 'statement']) ?? '',
    user: pick(row, ['user', 'user_name', 'sql_user']) ?? '',
    state: stateOf(row),
    error: pick(row, ['exception_text', 'error_text', 'error', 'error_message']) ?? '',
    startedAt: pick(row, ['started_at', 'query_start_time', 'start_time', 'created_time', 'event_time', 'time_started']) ?? '',
    durationMs: duration !== null ? Number(duration) : seconds !== null ? Number(seconds) * 1000 : null,
    rows: pick(row, ['result_rows', 'rows', 'rows_returned']),
    bytes: bytes === null ? null : Number(bytes),
    requests: pick(row, ['s3_requests', 'requests']),
    figures: figuresOf(row),
    fields: Object.entries(row).map(([name, value]) => [name, value ?? 'NULL']),
  };
}

/** The columns of a statement's own time and transfer that say something: those that are not 0. */
function figuresOf(row: Raw): { label: string; value: string }[] {
  const shown: [string, string, (value: string) => string][] = [
    ['First row after', 'first_row_ms', (value) => formatDuration(Number(value))],
    ['Waited for S3', 's3_wait_ms', (value) => formatDuration(Number(value))],
    ['Computed', 'compute_ms', (value) => formatDuration(Number(value))],
    ['Rounds of requests', 's3_rounds', formatCount],
    ['Cache hits', 'cache_hits', formatCount],
  ];
  return shown.flatMap(([label, column, format]) => {
    const value = row[column];
    return value && Number(value) > 0 ? [{ label, value: format(value) }] : [];
  });
}

/** Statements that the app asks for its own pages. */
export function isOfApp(row: HistoryRow): boolean {
  return row.sql.endsWith(APP_MARK);
}

export interface HistoryFilter {
  text: string;
  user: string;
  state: '' | HistoryRow['state'];
}

export function filterHistory(rows: HistoryRow[], filter: HistoryFilter): HistoryRow[] {
  const text = filter.text.trim().toLowerCase();
  return rows.filter(
    (row) =>
      (!text || `${row.sql} ${row.id} ${row.error}`.toLowerCase().includes(text)) &&
      (!filter.user || row.user === filter.user) &&
      (!filter.state || row.state === filter.state),
  );
}
