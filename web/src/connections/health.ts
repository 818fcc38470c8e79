import { askForPage } from '../api/query.ts';

/** What the last verification of a connection found, whoever asked for it. */
export interface Health {
  at: string;
  by: string;
  status: 'ok' | 'warning' | 'failed';
  /** The step that failed, and why. */
  note: string;
  /** The connection was changed since. */
  isStale: boolean;
}

/** How each status is called and coloured. */
export const HEALTH_LABELS = { ok: 'good', warning: 'warning', failed: 'failed' };
export const HEALTH_LOOKS = { ok: 'good', warning: 'warn', failed: 'bad' };

/** The last verification of each connection that the user sees, by its name. */
export async function readHealth(): Promise<Map<string, Health>> {
  const rows = await askForPage('SELECT * FROM system.validations');
  return new Map(rows.map((row) => [row.connection ?? '', healthOf(row)]));
}

/** One row of `system.validations`. */
export function healthOf(row: Record<string, string | null>): Health {
  const status = row.status === 'failed' || row.status === 'warning' ? row.status : 'ok';
  return {
    at: row.validated_at ?? '',
    by: row.validated_by ?? '',
    status,
    note: status === 'ok' ? '' : `${row.step}: ${row.cause}`,
    isStale: row.is_current !== '1' && row.is_current !== 'true',
  };
}
