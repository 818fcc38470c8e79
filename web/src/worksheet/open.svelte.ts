import { createWorksheet, type WorksheetChange } from '../api/web.ts';
import { session } from '../app/session.svelte.ts';
import { broadcast, listen } from './channel.ts';
import { WorksheetState } from './worksheet.svelte.ts';

/** A tab: it may stand there before its worksheet is read. */
export interface OpenTab {
  id: string;
  name: string;
}

const TABS_MAX = 20;
const key = () => `stagedoor.tabs.${session.organization}/${session.user}`;

/** The worksheets that are open in this browser, as tabs. They live on while other pages are shown. */
class OpenWorksheets {
  tabs = $state.raw<OpenTab[]>([]);
  #states = new Map<string, Promise<WorksheetState>>();
  #loaded = $state.raw(new Map<string, WorksheetState>());
  #restored = '';
  #toRun = new Set<string>();

  /** Reads the tabs of the last visit, once for each user. */
  restore(): void {
    if (this.#restored === key()) return;
    this.#restored = key();
    try {
      const stored = JSON.parse(localStorage.getItem(key()) ?? '[]') as OpenTab[];
      this.tabs = stored.filter((tab) => typeof tab.id === 'string').slice(0, TABS_MAX);
    } catch {
      this.tabs = [];
    }
  }

  /** The state of an open worksheet, once it is read. */
  loaded(id: string): WorksheetState | undefined {
    return this.#loaded.get(id);
  }

  async open(id: string): Promise<WorksheetState> {
    this.restore();
    let state = this.#states.get(id);
    if (!state) {
      state = WorksheetState.open(id);
      this.#states.set(id, state);
      state.catch(() => this.#states.delete(id));
    }
    const worksheet = await state;
    this.#loaded = new Map(this.#loaded).set(id, worksheet);
    if (!this.tabs.some((tab) => tab.id === id)) {
      this.#setTabs([...this.tabs, { id, name: worksheet.title }].slice(-TABS_MAX));
    }
    broadcast({ kind: 'opened', id });
    return worksheet;
  }

  /** Makes a worksheet and gives its id. */
  async create(change: Omit<WorksheetChange, 'keep_version'> = {}): Promise<string> {
    const made = await createWorksheet({ name: freshName(), ...change });
    return made.id;
  }

  /** Closes the tab and says which one to show next. */
  close(id: string): string | null {
    this.#loaded.get(id)?.flush();
    const at = this.tabs.findIndex((tab) => tab.id === id);
    const rest = this.tabs.filter((tab) => tab.id !== id);
    this.#setTabs(rest);
    this.#states.delete(id);
    const loaded = new Map(this.#loaded);
    loaded.delete(id);
    this.#loaded = loaded;
    return (rest[at] ?? rest[at - 1])?.id ?? null;
  }

  /** A worksheet that this page made runs all of its statements once it is open; a link cannot ask for that. */
  runWhenOpen(id: string): void {
    this.#toRun.add(id);
  }

  takeRun(id: string): boolean {
    return this.#toRun.delete(id);
  }

  noteName(id: string, name: string): void {
    if (this.tabs.some((tab) => tab.id === id && tab.name !== name)) {
      this.#setTabs(this.tabs.map((tab) => (tab.id === id ? { ...tab, name } : tab)));
    }
  }

  #setTabs(tabs: OpenTab[]): void {
    this.tabs = tabs;
    try {
      localStorage.setItem(key(), JSON.stringify(tabs));
    } catch {
      // They last as long as the page then.
    }
  }

  get states(): WorksheetState[] {
    return [...this.#loaded.values()];
  }

  find(id: string): WorksheetState | undefined {
    return this.#loaded.get(id);
  }
}

function freshName(): string {
  const now = new Date();
  return now.toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
}

export const openWorksheets = new OpenWorksheets();

listen((message) => {
  const worksheet = openWorksheets.find(message.id);
  if (!worksheet) return;
  if (message.kind === 'saved') void worksheet.follow(message.rev);
  else {
    worksheet.isOpenElsewhere = true;
    if (message.kind === 'opened') broadcast({ kind: 'here', id: message.id });
  }
});

window.addEventListener('pagehide', () => openWorksheets.states.forEach((worksheet) => worksheet.flush()));
window.addEventListener('online', () => openWorksheets.states.forEach((worksheet) => void worksheet.save()));
