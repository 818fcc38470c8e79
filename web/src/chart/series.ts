import type { Column, Row } from '../api/query.ts';
import { display, kindOf, toNumber, type ValueKind } from '../results/values.ts';
import type { ChartKind, ChartSettings } from './settings.ts';

/** Points that a canvas still draws at once. */
export const POINTS_MAX = 10_000;
/** Bars and slices that people can still tell apart. */
export const BARS_MAX = 40;
export const SLICES_MAX = 8;

export interface Series {
  name: string;
  values: (number | null)[];
}

export interface ChartData {
  /** What stands below the points: numbers or times for a scale, else names. */
  xKind: ValueKind;
  x: (number | null)[];
  labels: string[];
  series: Series[];
  /** How many rows there were, when not all are drawn. */
  left: number;
}

/** What can be drawn of these columns, or null when no column has numbers. */
export function suggestChart(columns: Column[], rows: Row[]): ChartSettings | null {
  const kinds = columns.map((column) => kindOf(column.type));
  const numbers = columns.filter((_, index) => kinds[index] === 'number');
  if (!numbers.length) return null;
  const time = columns.find((_, index) => kinds[index] === 'time');
  const name = columns.find((_, index) => kinds[index] === 'text' || kinds[index] === 'boolean');
  if (rows.length === 1 && numbers.length <= 4) {
    return { kind: 'score', x: '', y: numbers.map((column) => column.name) };
  }
  if (time) return { kind: 'line', x: time.name, y: numbers.slice(0, 3).map((column) => column.name) };
  if (name) return { kind: 'bar', x: name.name, y: [numbers[0]?.name ?? ''] };
  if (numbers.length > 1) return { kind: 'scatter', x: numbers[0]?.name ?? '', y: [numbers[1]?.name ?? ''] };
  return { kind: 'bar', x: '', y: [numbers[0]?.name ?? ''] };
}

/** Settings that were made for other columns: what is left of them, or a fresh suggestion. */
export function fitSettings(settings: ChartSettings | undefined, columns: Column[], rows: Row[]): ChartSettings | null {
  const suggestion = suggestChart(columns, rows);
  if (!settings || !suggestion) return suggestion;
  const names = new Set(columns.map((column) => column.name));
  const y = settings.y.filter((name) => names.has(name));
  const x = settings.x === '' || names.has(settings.x) ? settings.x : suggestion.x;
  return { kind: settings.kind, x, y: y.length ? y : suggestion.y };
}

/** The numbers of a chart. Without a column for x, rows are counted. */
export function readSeries(settings: ChartSettings, columns: Column[], rows: Row[]): ChartData {
  const most = limitOf(settings.kind);
  const xIndex = columns.findIndex((column) => column.name === settings.x);
  const xKind = xIndex < 0 ? 'number' : kindOf(columns[xIndex]?.type ?? '');
  const isOrdered = (settings.kind === 'line' || settings.kind === 'area') && (xKind === 'number' || xKind === 'time');
  let used: { row: Row; at: number }[] = rows.map((row, at) => ({ row, at }));
  if (isOrdered && xIndex >= 0) {
    // A line goes from left to right, in whatever order the rows came.
    used = used
      .filter(({ row }) => toNumber(xKind, row[xIndex] ?? null) !== null)
      .sort((a, b) => (toNumber(xKind, a.row[xIndex] ?? null) ?? 0) - (toNumber(xKind, b.row[xIndex] ?? null) ?? 0));
  }
  const total = used.length;
  if (total > most) {
    // Bars are the first ones; points are taken evenly.
    const step = total / most;
    used =
      settings.kind === 'bar' || settings.kind === 'pie'
        ? used.slice(0, most)
        : Array.from({ length: most }, (_, index) => used[Math.floor(index * step)] as { row: Row; at: number });
  }
  return {
    xKind,
    x: used.map(({ row, at }) => (xIndex < 0 ? at + 1 : toNumber(xKind, row[xIndex] ?? null))),
    labels: used.map(({ row, at }) => (xIndex < 0 ? String(at + 1) : display(xKind, row[xIndex] ?? null))),
    series: settings.y.map((name) => {
      const index = columns.findIndex((column) => column.name === name);
      const kind = kindOf(columns[index]?.type ?? '');
      return { name, values: used.map(({ row }) => toNumber(kind, row[index] ?? null)) };
    }),
    left: total - used.length,
  };
}

function limitOf(kind: ChartKind): number {
  if (kind === 'bar') return BARS_MAX;
  if (kind === 'pie') return Infinity;
  return POINTS_MAX;
}

export interface Slice {
  label: string;
  value: number;
  share: number;
}

/** The largest parts and the rest of them as one; negative numbers are no part of a whole. */
export function slicesOf(data: ChartData): Slice[] {
  const values = data.series[0]?.values ?? [];
  const parts = data.labels
    .map((label, index) => ({ label, value: values[index] ?? 0 }))
    .filter((part) => part.value > 0)
    .sort((a, b) => b.value - a.value);
  const sum = parts.reduce((total, part) => total + part.value, 0);
  const shown = parts.slice(0, SLICES_MAX - 1);
  const rest = parts.slice(SLICES_MAX - 1);
  if (rest.length === 1) shown.push(rest[0] as { label: string; value: number });
  else if (rest.length) {
    shown.push({ label: `${rest.length} others`, value: rest.reduce((total, part) => total + part.value, 0) });
  }
  return shown.map((part) => ({ ...part, share: sum ? part.value / sum : 0 }));
}

/** Round steps of a scale that holds all values and zero. */
export function ticksOf(low: number, high: number, count = 5): number[] {
  const from = Math.min(0, low);
  const to = Math.max(0, high);
  const raw = (to - from || 1) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
  const first = Math.floor(from / step);
  const last = Math.ceil(to / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** `1.2M`, `34k`, `0.05`: short enough for an axis. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  const [factor, suffix] = size >= 1e12 ? [1e12, 'T'] : size >= 1e9 ? [1e9, 'G'] : size >= 1e6 ? [1e6, 'M'] : size >= 1e4 ? [1e3, 'k'] : [1, ''];
  const shown = Number((value / (factor as number)).toPrecision(4));
  return `${shown}${suffix}`;
}
