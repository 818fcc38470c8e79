import { listObjects, readCatalog, type CatalogSnapshot, type ObjectPage } from '../api/web.ts';
import { runQuery, type Column } from '../api/query.ts';
import { quoteLocation } from '../sql/quote.ts';

const EMPTY: CatalogSnapshot = {
  databases: [],
  stages: [],
  connections: [],
  file_formats: [],
  functions: [],
  settings: [],
};
/** How long a listing of a folder serves completion. */
const LISTING_MS = 30_000;
const LISTINGS_MAX = 200;

/** Everything that names can be completed from; pages share it. */
class CatalogState {
  snapshot = $state.raw<CatalogSnapshot>(EMPTY);
  isLoaded = $state(false);
  problem = $state.raw<unknown>(null);
  #listings = new Map<string, { at: number; page: Promise<ObjectPage> }>();
  #columns = new Map<string, Promise<Column[]>>();

  async load(): Promise<void> {
    try {
      this.snapshot = await readCatalog();
      this.isLoaded = true;
      this.problem = null;
    } catch (failure) {
      this.problem = failure;
    }
  }

  /** After a statement that may have made or dropped something. */
  refreshAfter(sql: string): void {
    if (/^\s*(create|drop|alter|undrop|grant|revoke|set|unset|copy|remove)\b/i.test(sql)) {
      this.#listings.clear();
      this.#columns.clear();
      void this.load();
    }
  }

  /** The first page of a folder of a stage. */
  folder(stage: string, prefix: string): Promise<ObjectPage> {
    const key = `${stage}/${prefix}`;
    const known = this.#listings.get(key);
    if (known && Date.now() - known.at < LISTING_MS) return known.page;
    if (this.#listings.size > LISTINGS_MAX) this.#listings.clear();
    const page = listObjects(stage, prefix, null);
    this.#listings.set(key, { at: Date.now(), page });
    page.catch(() => this.#listings.delete(key));
    return page;
  }

  /** The columns of files, asked of the server once for each location. */
  columnsOf(location: string): Promise<Column[]> {
    let columns = this.#columns.get(location);
    if (!columns) {
      const [stage = '', ...path] = location.slice(1).split('/');
      columns = runQuery(`SELECT * FROM ${quoteLocation(stage, path.join('/'))} LIMIT 0`).then(
        (result) => result.columns,
      );
      this.#columns.set(location, columns);
      columns.catch(() => this.#columns.delete(location));
    }
    return columns;
  }

  /** Columns of a table by the name that a statement uses for it. */
  table(name: string, database: string) {
    const parts = name.toLowerCase().split('.');
    const table = parts.at(-1);
    const wanted = parts.length > 1 ? parts.at(-2) : database.toLowerCase();
    return this.snapshot.databases
      .find((entry) => entry.name.toLowerCase() === wanted)
      ?.tables.find((entry) => entry.name.toLowerCase() === table);
  }
}

export const catalog = new CatalogState();
