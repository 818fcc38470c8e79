import type { Column, Row } from '../api/query.ts';
import { compareValues, display, kindOf, type ValueKind } from './values.ts';

export interface Sort {
  column: number;
  descending: boolean;
}

export type FilterTest = 'contains' | 'equals' | 'not' | 'above' | 'below' | 'null' | 'not null';

export interface Filter {
  column: number;
  test: FilterTest;
  value: string;
}

/** A block of cells, corners included; rows and columns as they are shown. */
export interface Range {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

/** What of a result is shown and in which order: the rows themselves stay as they came. */
export class ResultView {
  columns = $state.raw<Column[]>([]);
  rows = $state.raw<Row[]>([]);
  sort = $state.raw<Sort | null>(null);
  filters = $state.raw<Filter[]>([]);
  search = $state('');
  /** The cell with the keyboard. */
  cell = $state.raw({ row: 0, column: 0 });
  /** The other corner of the selection. */
  anchor = $state.raw({ row: 0, column: 0 });

  readonly kinds: ValueKind[] = $derived(this.columns.map((column) => kindOf(column.type)));
  /** Indexes into `rows`, filtered and sorted. */
  readonly order: Uint32Array = $derived(this.#order());

  get range(): Range {
    const { cell, anchor } = this;
    return {
      top: Math.min(cell.row, anchor.row),
      bottom: Math.max(cell.row, anchor.row),
      left: Math.min(cell.column, anchor.column),
      right: Math.max(cell.column, anchor.column),
    };
  }

  value(row: number, column: number): string | null {
    return this.rows[this.order[row] ?? -1]?.[column] ?? null;
  }

  get isNarrowed(): boolean {
    return this.filters.length > 0 || this.search.trim() !== '';
  }

  setSort(column: number, descending: boolean | null): void {
    this.sort = descending === null ? null : { column, descending };
  }

  moveTo(row: number, column: number, extend = false): void {
    this.cell = {
      row: Math.max(0, Math.min(this.order.length - 1, row)),
      column: Math.max(0, Math.min(this.columns.length - 1, column)),
    };
    if (!extend) this.anchor = this.cell;
  }

  selectAll(): void {
    this.anchor = { row: 0, column: 0 };
    this.cell = { row: this.order.length - 1, column: this.columns.length - 1 };
  }

  selectColumn(column: number): void {
    this.anchor = { row: 0, column };
    this.cell = { row: Math.max(0, this.order.length - 1), column };
  }

  /** Texts of a block, as rows. */
  block(range: Range): (string | null)[][] {
    const block: (string | null)[][] = [];
    for (let row = range.top; row <= range.bottom; row += 1) {
      const line: (string | null)[] = [];
      for (let column = range.left; column <= range.right; column += 1) line.push(this.value(row, column));
      block.push(line);
    }
    return block;
  }

  #order(): Uint32Array {
    const { rows, kinds, filters, sort } = this;
    const needle = this.search.trim().toLowerCase();
    const kept: number[] = [];
    for (let index = 0; index < rows.length; index += 1) {
      const row = rows[index] as Row;
      if (needle && !row.some((value) => value !== null && value.toLowerCase().includes(needle))) continue;
      if (filters.every((filter) => passes(filter, row[filter.column] ?? null, kinds[filter.column] ?? 'text'))) {
        kept.push(index);
      }
    }
    const order = Uint32Array.from(kept);
    if (!sort) return order;
    const kind = kinds[sort.column] ?? 'text';
    const sign = sort.descending ? -1 : 1;
    // NULL comes last either way, and equal rows keep their order.
    return order.sort((a, b) => {
      const left = rows[a]?.[sort.column] ?? null;
      const right = rows[b]?.[sort.column] ?? null;
      if (left === null || right === null) return Number(left === null) - Number(right === null) || a - b;
      return sign * compareValues(kind, left, right) || a - b;
    });
  }
}

function passes(filter: Filter, value: string | null, kind: ValueKind): boolean {
  if (filter.test === 'null') return value === null;
  if (filter.test === 'not null') return value !== null;
  if (value === null) return false;
  switch (filter.test) {
    case 'contains':
      return display(kind, value).toLowerCase().includes(filter.value.toLowerCase());
    case 'equals':
      return display(kind, value) === filter.value || value === filter.value;
    case 'not':
      return display(kind, value) !== filter.value && value !== filter.value;
    case 'above':
      return compareValues(kind, value, filter.value) > 0;
    case 'below':
      return compareValues(kind, value, filter.value) < 0;
  }
}
