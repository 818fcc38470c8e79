import { ApiError } from '../api/http.ts';
import { ConflictError, createDraft, readDraft, saveDraft, type Draft } from '../api/web.ts';
import { toasts } from '../app/toasts.svelte.ts';
import { quoteLocation, quoteName, quoteString } from '../sql/quote.ts';

export type SetupForm = 'CLI' | 'TERRAFORM' | 'CLOUDFORMATION' | 'CONSOLE' | 'JSON';

/** What the wizard knows; the server keeps it as it is. */
export interface DraftState {
  bucket: string;
  prefix: string;
  access: 'READ' | 'WRITE';
  kmsKey: string;
  connection: string;
  stage: string;
  form: SetupForm;
  roleArn: string;
  /** One that the customer wants instead of the generated one. */
  externalId: string;
  /** The connection was made by this wizard, with these values. */
  madeAs: string;
  /** A file of the bucket that the ladder read. */
  sample: string;
}

export const EMPTY: DraftState = {
  bucket: '',
  prefix: '',
  access: 'READ',
  kmsKey: '',
  connection: '',
  stage: '',
  form: 'CLI',
  roleArn: '',
  externalId: '',
  madeAs: '',
  sample: '',
};

export const STEPS = [
  { id: 'bucket', title: 'Bucket' },
  { id: 'access', title: 'Give access' },
  { id: 'role', title: 'Role' },
  { id: 'verify', title: 'Verify' },
  { id: 'create', title: 'Create' },
] as const;
export type StepId = (typeof STEPS)[number]['id'];

const SAVE_AFTER_MS = 500;

/** The draft that is open, saved as it changes. */
export class OpenDraft {
  readonly id: string;
  state = $state.raw<DraftState>(EMPTY);
  handoff = $state.raw<string | null>(null);
  #rev: number;
  #timer = 0;
  #isSaving = false;
  #isDirty = false;

  constructor(draft: Draft<DraftState>) {
    this.id = draft.id;
    this.state = { ...EMPTY, ...draft.state };
    this.handoff = draft.handoff;
    this.#rev = draft.rev;
  }

  static async open(id: string): Promise<OpenDraft> {
    return new OpenDraft(await readDraft<DraftState>(id));
  }

  static async create(state: DraftState): Promise<OpenDraft> {
    return new OpenDraft(await createDraft(state.bucket, state));
  }

  change(change: Partial<DraftState>): void {
    this.state = { ...this.state, ...change };
    this.#isDirty = true;
    this.#saveLater();
  }

  async save(): Promise<void> {
    if (this.#isSaving || !this.#isDirty) return;
    this.#isSaving = true;
    this.#isDirty = false;
    try {
      this.#rev = (await saveDraft(this.id, this.#rev, { name: this.state.bucket, state: this.state })).rev;
    } catch (failure) {
      this.#isDirty = true;
      if (failure instanceof ConflictError) {
        // What is in front of somebody wins; a wizard has no text that could be lost.
        this.#rev = (failure.current as Draft<DraftState>).rev;
      } else if (!(failure instanceof ApiError && failure.isOffline)) {
        this.#isDirty = false;
        toasts.fail(failure);
      }
    } finally {
      this.#isSaving = false;
    }
    // What was changed meanwhile, or was too late, is saved by the next try.
    if (this.#isDirty) this.#saveLater();
  }

  #saveLater(): void {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.save(), SAVE_AFTER_MS);
  }

  /** Nothing is saved any more: it was finished, or left. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#isDirty = false;
  }
}

export function urlOf(state: DraftState): string {
  return `s3://${state.bucket}/${state.prefix}`;
}

export function setupStatement(state: DraftState, form: SetupForm): string {
  const kms = state.kmsKey ? ` KMS ${quoteString(state.kmsKey)}` : '';
  return `SHOW SETUP FOR CONNECTION ${quoteName(state.connection)} ON ${quoteString(urlOf(state))} ${state.access}${kms} AS ${form}`;
}

export function connectionStatement(state: DraftState): string {
  const parameters = [`STORAGE_TYPE = 's3'`, `ROLE_ARN = ${quoteString(state.roleArn)}`];
  if (state.externalId) parameters.push(`EXTERNAL_ID = ${quoteString(state.externalId)}`);
  if (state.kmsKey) parameters.push(`KMS_KEY_ARN = ${quoteString(state.kmsKey)}`);
  return `CREATE OR REPLACE CONNECTION ${quoteName(state.connection)}\n    ${parameters.join('\n    ')}`;
}

export function stageStatement(state: DraftState): string {
  return `CREATE STAGE IF NOT EXISTS ${quoteName(state.stage)}\n    URL = ${quoteString(urlOf(state))}\n    CONNECTION = (CONNECTION_NAME = ${quoteString(state.connection)})`;
}

/** The first query: of a file that is known to be there, else a listing. */
export function firstQuery(state: DraftState): string {
  const path = state.sample.startsWith(state.prefix) ? state.sample.slice(state.prefix.length) : '';
  if (!path) return `LIST ${quoteLocation(state.stage)}`;
  return `SELECT *\nFROM ${quoteLocation(state.stage, path)}\nLIMIT 10`;
}

export function validateStatement(state: DraftState): string {
  const write = state.access === 'WRITE' ? ' WRITE' : '';
  return `VALIDATE CONNECTION ${quoteName(state.connection)} ON ${quoteString(urlOf(state))}${write}`;
}
