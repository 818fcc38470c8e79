/** What was typed and perhaps not yet saved, kept in this browser. */
export interface JournalEntry {
  /** Organization, user and worksheet: a browser may serve several people. */
  key: string;
  text: string;
  /** The server's revision that the text was typed on. */
  rev: number;
  at: number;
}

const DATABASE = 'stagedoor';
const STORE = 'journal';

let opened: Promise<IDBDatabase> | null = null;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'key' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

function finish<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  return (await open()).transaction(STORE, mode).objectStore(STORE);
}

/** Keeps the text; a browser that has no storage for us still has the server's. */
export async function writeJournal(entry: JournalEntry): Promise<void> {
  try {
    await finish((await store('readwrite')).put(entry));
  } catch {
    // Private windows may refuse.
  }
}

export async function readJournal(key: string): Promise<JournalEntry | null> {
  try {
    return ((await finish((await store('readonly')).get(key))) as JournalEntry | undefined) ?? null;
  } catch {
    return null;
  }
}

/** The server has this text, or a newer one: the journal need not keep it. */
export async function clearJournal(key: string): Promise<void> {
  try {
    await finish((await store('readwrite')).delete(key));
  } catch {
    // As above.
  }
}
