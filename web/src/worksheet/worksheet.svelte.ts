import { ApiError } from '../api/http.ts';
import type { Session } from '../api/query.ts';
import { ConflictError, readWorksheet, saveWorksheet, type Worksheet, type WorksheetChange } from '../api/web.ts';
import { session as login } from '../app/session.svelte.ts';
import { toasts } from '../app/toasts.svelte.ts';
import type { ChartSettings } from '../chart/settings.ts';
import type { ParameterValue } from '../sql/parameters.ts';
import { maskSecrets } from '../sql/secrets.ts';
import { broadcast } from './channel.ts';
import { clearJournal, readJournal, writeJournal } from './journal.ts';
import { RunState } from './run.svelte.ts';

/** What a worksheet keeps besides its text; the server stores it as it is. */
export interface Context {
  session?: Session;
  parameters?: Record<string, ParameterValue>;
  /** Charts by the statement they were made for, so that another query does not break them. */
  charts?: Record<string, ChartSettings>;
}

export type SaveState = 'saved' | 'editing' | 'saving' | 'device' | 'conflict' | 'refused';

const JOURNAL_AFTER_MS = 300;
const SAVE_AFTER_MS = 1_000;
const RETRY_AFTER_MS = 5_000;

/** A worksheet that is open in this browser. */
export class WorksheetState {
  readonly id: string;
  name = $state('');
  folder = $state('');
  text = $state.raw('');
  context = $state.raw<Context>({});
  share = $state.raw<string | null>(null);
  saving = $state<SaveState>('saved');
  /** Why it cannot be saved, when it cannot. */
  problem = $state('');
  /** What somebody else saved meanwhile, to choose from. */
  conflict = $state.raw<Worksheet | null>(null);
  /** Counts changes of the text that did not come from the editor. */
  outsideChanges = $state(0);
  isOpenElsewhere = $state(false);
  readonly run: RunState;

  #rev = 0;
  #dirty = $state(false);
  #isSaving = false;
  #journalTimer = 0;
  #saveTimer = 0;

  constructor(id: string) {
    this.id = id;
    this.run = new RunState(this);
  }

  static async open(id: string): Promise<WorksheetState> {
    const state = new WorksheetState(id);
    const [worksheet, entry] = await Promise.all([readWorksheet(id), readJournal(state.#journalKey)]);
    state.#take(worksheet);
    if (entry && entry.text !== worksheet.text) {
      state.text = entry.text;
      state.#dirty = true;
      // Typed on the newest text it is simply not saved yet; typed on an older one, somebody must choose.
      if (entry.rev === worksheet.rev) state.#saveLater(0);
      else {
        state.conflict = worksheet;
        state.saving = 'conflict';
      }
    }
    return state;
  }

  get title(): string {
    return this.name || 'Untitled';
  }

  get session(): Session {
    return this.context.session ?? { database: 'default' };
  }

  /** There is a secret in the text, which is saved without it. */
  get hasSecret(): boolean {
    return maskSecrets(this.text) !== this.text;
  }

  get isUnsaved(): boolean {
    return this.#dirty;
  }

  /** The editor's text changed. */
  type(text: string): void {
    if (text === this.text) return;
    this.text = text;
    this.#touch();
    clearTimeout(this.#journalTimer);
    this.#journalTimer = window.setTimeout(() => this.#journal(), JOURNAL_AFTER_MS);
  }

  /** Puts another text in, from a version or a snippet. */
  replaceText(text: string): void {
    this.type(text);
    this.outsideChanges += 1;
  }

  rename(name: string): void {
    this.name = name;
    this.#touch();
  }

  move(folder: string): void {
    this.folder = folder.split('/').map((part) => part.trim()).filter(Boolean).join('/');
    this.#touch();
  }

  setContext(change: Partial<Context>): void {
    this.context = { ...this.context, ...change };
    this.#touch();
  }

  #touch(): void {
    this.#dirty = true;
    if (this.saving !== 'conflict') this.saving = 'editing';
    this.#saveLater(SAVE_AFTER_MS);
  }

  #saveLater(milliseconds: number): void {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = window.setTimeout(() => void this.save(), milliseconds);
  }

  get #journalKey(): string {
    return `${login.organization}/${login.user}/${this.id}`;
  }

  #journal(): Promise<void> {
    return writeJournal({ key: this.#journalKey, text: maskSecrets(this.text), rev: this.#rev, at: Date.now() });
  }

  /** Saves what is not saved; with `keepVersion` also when nothing changed. */
  async save(keepVersion = false): Promise<void> {
    clearTimeout(this.#saveTimer);
    if (this.#isSaving || this.conflict || (!this.#dirty && !keepVersion)) return;
    this.#isSaving = true;
    this.saving = 'saving';
    const typed = this.text;
    const sent: WorksheetChange = {
      name: this.title,
      folder: this.folder,
      text: maskSecrets(typed),
      context: this.context as Record<string, unknown>,
    };
    if (keepVersion) sent.keep_version = true;
    try {
      const saved = await saveWorksheet(this.id, this.#rev, sent);
      this.#rev = saved.rev;
      const isNewest =
        this.text === typed && this.title === sent.name && this.folder === sent.folder && this.context === sent.context;
      this.#dirty = !isNewest;
      this.saving = isNewest ? 'saved' : 'editing';
      this.problem = '';
      if (isNewest) await clearJournal(this.#journalKey);
      else this.#saveLater(SAVE_AFTER_MS);
      broadcast({ kind: 'saved', id: this.id, rev: saved.rev });
    } catch (failure) {
      await this.#failed(failure, sent);
    } finally {
      this.#isSaving = false;
    }
  }

  async #failed(failure: unknown, sent: WorksheetChange): Promise<void> {
    await this.#journal();
    if (failure instanceof ConflictError) {
      const current = failure.current as Worksheet;
      if (current.text === sent.text) {
        // The same text from two tabs: nothing to choose.
        this.#rev = current.rev;
        this.#saveLater(0);
        return;
      }
      this.conflict = current;
      this.saving = 'conflict';
      return;
    }
    const message = failure instanceof Error ? failure.message : String(failure);
    this.problem = message;
    if (failure instanceof ApiError && (failure.isOffline || failure.status >= 500 || failure.status === 401)) {
      this.saving = 'device';
      this.#saveLater(RETRY_AFTER_MS);
    } else {
      this.saving = 'refused';
    }
  }

  /** Ends a conflict: with the text here, with theirs, or with one made of both. */
  async settle(choice: 'mine' | 'theirs' | { text: string }): Promise<void> {
    const theirs = this.conflict;
    if (!theirs) return;
    this.conflict = null;
    this.#rev = theirs.rev;
    if (choice === 'theirs') {
      this.#take(theirs);
      this.#dirty = false;
      this.saving = 'saved';
      this.outsideChanges += 1;
      await clearJournal(this.#journalKey);
      return;
    }
    if (choice !== 'mine') {
      this.text = choice.text;
      this.outsideChanges += 1;
    }
    this.#dirty = true;
    await this.save(true);
  }

  /** Another tab saved: follow it, unless something here is not saved, which the next save finds out. */
  async follow(rev: number): Promise<void> {
    if (rev <= this.#rev || this.#dirty || this.#isSaving) return;
    try {
      this.#take(await readWorksheet(this.id));
      this.outsideChanges += 1;
    } catch (failure) {
      toasts.fail(failure);
    }
  }

  #take(worksheet: Worksheet): void {
    this.name = worksheet.name;
    this.folder = worksheet.folder;
    this.text = worksheet.text;
    this.context = (worksheet.context ?? {}) as Context;
    this.share = worksheet.share;
    this.#rev = worksheet.rev;
  }

  /** Before the page goes: what is typed is at least in this browser. */
  flush(): void {
    if (!this.#dirty) return;
    void this.#journal();
    void this.save();
  }
}
