import { ApiError, send, sendJson, type RequestOptions } from './http.ts';
import type { Row, Session } from './query.ts';

// The routes below `/ui/api`; docs/web-api.md is the agreement.

export interface Login {
  organization: string;
  user: string;
  idle_secs_max: number;
  expires_at: string;
}

export interface SessionInfo {
  login: Login | null;
  server: { version: string; build: string; address: string; dsn: string };
  limits: {
    worksheet_bytes_max: number;
    draft_bytes_max: number;
    result_timeout_secs: number;
    upload_bytes_max: number;
  };
}

export interface BrowserLogin {
  id: string;
  created_at: string;
  used_at: string;
  expires_at: string;
  address: string;
  agent: string;
  is_this: boolean;
}

interface WorksheetCommon {
  id: string;
  name: string;
  folder: string;
  rev: number;
  created_at: string;
  updated_at: string;
  bytes: number;
}

export interface WorksheetHead extends WorksheetCommon {
  excerpt: string;
  is_shared: boolean;
}

/** What of a worksheet only this app understands. */
export type WorksheetContext = Record<string, unknown>;

export interface Worksheet extends WorksheetCommon {
  text: string;
  context: WorksheetContext;
  share: string | null;
}

export interface WorksheetChange {
  name?: string;
  folder?: string;
  text?: string;
  context?: WorksheetContext;
  keep_version?: boolean;
}

export interface Version {
  rev: number;
  saved_at: string;
  bytes: number;
  name: string;
}

export interface Shared {
  name: string;
  text: string;
  context: WorksheetContext;
  owner: string;
  updated_at: string;
}

export interface CatalogTable {
  name: string;
  kind: string;
  columns: { name: string; type: string }[];
}

export interface CatalogStage {
  name: string;
  url: string;
  connection: string | null;
}

export interface CatalogSnapshot {
  databases: { name: string; tables: CatalogTable[] }[];
  stages: CatalogStage[];
  connections: string[];
  file_formats: string[];
  functions: { name: string; kind: string }[];
  settings: { name: string; value: string; description: string }[];
}

export interface FileObject {
  name: string;
  path: string;
  size: number;
  last_modified: string;
  etag: string;
}

export interface ObjectPage {
  stage: string;
  url: string;
  prefix: string;
  folders: { name: string; path: string }[];
  files: FileObject[];
  next_cursor: string | null;
}

export interface ParquetChunk {
  name: string;
  codec: string;
  encodings: string[];
  bytes: number;
  compressed_bytes: number;
  nulls: number | null;
  distinct: number | null;
  min: string | null;
  max: string | null;
  has_bloom_filter: boolean;
  has_page_index: boolean;
}

export interface ParquetFooter {
  path: string;
  size: number;
  rows: number;
  created_by: string | null;
  footer_bytes: number;
  version: number;
  columns: { name: string; physical_type: string; logical_type: string | null; type: string; nullable: boolean }[];
  row_groups: { rows: number; bytes: number; compressed_bytes: number; offset: number; columns: ParquetChunk[] }[];
  row_groups_total: number;
  columns_total: number;
  metadata: { key: string; value: string }[];
}

export interface DraftHead {
  id: string;
  name: string;
  rev: number;
  created_at: string;
  updated_at: string;
}

export interface Draft<State> extends DraftHead {
  state: State;
  handoff: string | null;
}

export interface Handoff {
  name: string;
  organization: string;
  created_by: string;
  created_at: string;
  expires_at: string;
  texts: { title: string; columns: string[]; rows: Row[] }[];
}

export interface Token {
  id: string;
  name: string;
  created_at: string;
  expires_at: string | null;
  used_at: string | null;
}

export interface NewToken extends Token {
  token: string;
  dsn: string;
}

export type ExportFormat = 'csv' | 'ndjson' | 'json' | 'parquet';

/** Somebody else saved first; `current` is what they saved. */
export class ConflictError<T> extends ApiError {
  constructor(
    message: string,
    readonly current: T,
  ) {
    super(message, { status: 409 });
  }
}

const id = encodeURIComponent;
const post = (body: unknown = {}): RequestOptions => ({ method: 'POST', body });
const remove: RequestOptions = { method: 'DELETE' };

export const readSession = () => sendJson<SessionInfo>('/ui/api/session');
export const logIn = (user: string, password: string, organization?: string) =>
  sendJson<SessionInfo>('/ui/api/session', {
    ...post({ user, password, ...(organization ? { organization } : {}) }),
    keepUnauthorized: true,
  });
export const logOut = () => send('/ui/api/session', remove);
export const listLogins = () => sendJson<{ logins: BrowserLogin[] }>('/ui/api/logins');
export const endLogin = (login: string) => send(`/ui/api/logins/${id(login)}`, remove);

export function listWorksheets(search = '', folder = '') {
  const query = new URLSearchParams();
  if (search) query.set('search', search);
  if (folder) query.set('folder', folder);
  return sendJson<{ worksheets: WorksheetHead[]; folders: string[] }>(`/ui/api/worksheets?${query}`);
}
export const createWorksheet = (change: Omit<WorksheetChange, 'keep_version'>) =>
  sendJson<Worksheet>('/ui/api/worksheets', post(change));
export const readWorksheet = (worksheet: string) => sendJson<Worksheet>(`/ui/api/worksheets/${id(worksheet)}`);
export const saveWorksheet = (worksheet: string, rev: number, change: WorksheetChange) =>
  putWithRev<Worksheet>(`/ui/api/worksheets/${id(worksheet)}`, { rev, ...change });
export const deleteWorksheet = (worksheet: string) => send(`/ui/api/worksheets/${id(worksheet)}`, remove);
export const listVersions = (worksheet: string) =>
  sendJson<{ versions: Version[] }>(`/ui/api/worksheets/${id(worksheet)}/versions`);
export const readVersion = (worksheet: string, rev: number) =>
  sendJson<{ rev: number; saved_at: string; name: string; text: string }>(
    `/ui/api/worksheets/${id(worksheet)}/versions/${rev}`,
  );
export const shareWorksheet = (worksheet: string) =>
  sendJson<{ token: string; path: string }>(`/ui/api/worksheets/${id(worksheet)}/share`, post());
export const unshareWorksheet = (worksheet: string) => send(`/ui/api/worksheets/${id(worksheet)}/share`, remove);
export const readShare = (token: string) => sendJson<Shared>(`/ui/api/shares/${id(token)}`);

export const readCatalog = () => sendJson<CatalogSnapshot>('/ui/api/catalog');

export function listObjects(stage: string, prefix: string, cursor: string | null, limit = 200, signal?: AbortSignal) {
  const query = new URLSearchParams({ prefix, limit: String(limit) });
  if (cursor) query.set('cursor', cursor);
  return sendJson<ObjectPage>(`/ui/api/stages/${id(stage)}/objects?${query}`, signal ? { signal } : {});
}
export const readFooter = (stage: string, path: string) =>
  sendJson<ParquetFooter>(`/ui/api/stages/${id(stage)}/parquet?${new URLSearchParams({ path })}`);

export const listDrafts = () => sendJson<{ drafts: DraftHead[] }>('/ui/api/drafts');
export const createDraft = <State>(name: string, state: State) =>
  sendJson<Draft<State>>('/ui/api/drafts', post({ name, state }));
export const readDraft = <State>(draft: string) => sendJson<Draft<State>>(`/ui/api/drafts/${id(draft)}`);
export const saveDraft = <State>(draft: string, rev: number, change: { name?: string; state?: State }) =>
  putWithRev<Draft<State>>(`/ui/api/drafts/${id(draft)}`, { rev, ...change });
export const deleteDraft = (draft: string) => send(`/ui/api/drafts/${id(draft)}`, remove);
export const handOff = (draft: string, statements: { title: string; sql: string }[], days: number) =>
  sendJson<{ path: string; expires_at: string }>(`/ui/api/drafts/${id(draft)}/handoff`, post({ statements, days }));
export const endHandoff = (draft: string) => send(`/ui/api/drafts/${id(draft)}/handoff`, remove);
export const readHandoff = (token: string) =>
  sendJson<Handoff>(`/ui/api/handoff/${id(token)}`, { keepUnauthorized: true });

export const listTokens = () => sendJson<{ tokens: Token[] }>('/ui/api/tokens');
export const createToken = (name: string, days: number | null) =>
  sendJson<NewToken>('/ui/api/tokens', post({ name, days }));
export const deleteToken = (token: string) => send(`/ui/api/tokens/${id(token)}`, remove);

export const startExport = (sql: string, format: ExportFormat, name: string, session: Session | null) =>
  sendJson<{ id: string; path: string; file_name: string }>(
    '/ui/api/exports',
    post({ sql, format, name, ...(session ? { session } : {}) }),
  );

/** A PUT that says which revision it knows. A 409 has the newest one beside the error. */
async function putWithRev<T>(path: string, body: unknown): Promise<T> {
  const response = await send(path, { method: 'PUT', body, keepConflict: true });
  if (response.status !== 409) return (await response.json()) as T;
  const answer = (await response.json()) as { current: T; error?: { message?: string } };
  throw new ConflictError(answer.error?.message ?? 'somebody else saved first', answer.current);
}
