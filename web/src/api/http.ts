/** What a request failed with: Databend's code where the server gave one, else the HTTP status. */
export class ApiError extends Error {
  readonly code: number;
  readonly status: number;
  /** Excerpt of the statement and hint, as the server drew them. */
  readonly detail: string;

  constructor(message: string, options: { code?: number; status?: number; detail?: string } = {}) {
    super(message);
    this.name = 'ApiError';
    this.code = options.code ?? 0;
    this.status = options.status ?? 0;
    this.detail = options.detail ?? '';
  }

  /** The server did not answer at all. */
  get isOffline(): boolean {
    return this.status === 0 && this.code === 0;
  }
}

/** Code of a request that never reached the server. */
const OFFLINE_MESSAGE = 'the server does not answer';

/** Asks to log in again, and comes back when that has been done. */
type LoginAsker = () => Promise<void>;
let askForLogin: LoginAsker | null = null;
let buildChanged: () => void = () => {};
let knownBuild: string | null = null;

/** Who asks for the password when the server no longer knows the session. The request is repeated then. */
export function onSessionExpired(asker: LoginAsker): void {
  askForLogin = asker;
}

/** Who is told when the server serves another build of this app than the one that runs here. */
export function onBuildChanged(listener: () => void): void {
  buildChanged = listener;
}

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** A 401 is an answer and no end of the session: for the login itself. */
  keepUnauthorized?: boolean;
  /** A 409 is an answer that the caller reads. */
  keepConflict?: boolean;
}

/** One request with the session's cookie. `X-UI` cannot be set by a form of another origin. */
export async function send(path: string, options: RequestOptions = {}): Promise<Response> {
  const headers: Record<string, string> = { 'X-UI': '1', ...options.headers };
  let body: BodyInit | undefined;
  if (options.body instanceof FormData || options.body instanceof Blob) {
    body = options.body;
  } else if (options.body !== undefined) {
    headers['Content-Type'] = 'application/json';
    body = JSON.stringify(options.body);
  }
  let response: Response;
  try {
    response = await fetch(path, {
      method: options.method ?? 'GET',
      headers,
      credentials: 'same-origin',
      ...(body === undefined ? {} : { body }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
  } catch (problem) {
    if (options.signal?.aborted) throw problem;
    throw new ApiError(OFFLINE_MESSAGE);
  }
  noteBuild(response);
  if (response.ok || (response.status === 409 && options.keepConflict)) return response;
  const failure = await readError(response);
  if (response.status === 401 && !options.keepUnauthorized && askForLogin) {
    await askForLogin();
    options.signal?.throwIfAborted();
    return send(path, { ...options, keepUnauthorized: true });
  }
  throw failure;
}

/** The JSON that the server answers with. */
export async function sendJson<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(path, options);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

function noteBuild(response: Response): void {
  const build = response.headers.get('X-UI-Build');
  if (!build) return;
  if (knownBuild === null) knownBuild = build;
  else if (knownBuild !== build) {
    knownBuild = build;
    buildChanged();
  }
}

async function readError(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  try {
    const { error } = JSON.parse(text) as { error?: { code?: number; message?: string; detail?: string } | string };
    if (typeof error === 'string') return new ApiError(error, { status: response.status });
    if (error?.message) {
      return new ApiError(error.message, {
        status: response.status,
        ...(error.code === undefined ? {} : { code: error.code }),
        ...(error.detail ? { detail: error.detail } : {}),
      });
    }
  } catch {
    // Not JSON: a proxy in between answers in its own words.
  }
  return new ApiError(text.slice(0, 300) || `the server answered with status ${response.status}`, {
    status: response.status,
  });
}
