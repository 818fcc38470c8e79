import type { Column } from '../api/query.ts';
import { display, kindOf } from './values.ts';

export type CopyFormat = 'tsv' | 'csv' | 'markdown' | 'json';

/** A block of cells as text. TSV is what spreadsheets take; a cell with a tab or a line break is quoted for them. */
export function copyAs(format: CopyFormat, columns: Column[], rows: (string | null)[][], withNames: boolean): string {
  switch (format) {
    case 'tsv':
      return lines(columns, rows, withNames, '\t', (value) => (/[\t\n\r"]/.test(value) ? quote(value) : value));
    case 'csv':
      return lines(columns, rows, withNames, ',', (value) => (/[,\n\r"]/.test(value) || value === '' ? quote(value) : value));
    case 'markdown':
      return markdown(columns, rows);
    case 'json':
      return json(columns, rows);
  }
}

function quote(value: string): string {
  return `"${value.replaceAll('"', '""')}"`;
}

function lines(
  columns: Column[],
  rows: (string | null)[][],
  withNames: boolean,
  separator: string,
  write: (value: string) => string,
): string {
  const written = rows.map((row) =>
    row
      .map((value, index) => (value === null ? '' : write(display(kindOf(columns[index]?.type ?? ''), value))))
      .join(separator),
  );
  if (withNames) written.unshift(columns.map((column) => write(column.name)).join(separator));
  return written.join('\n');
}

function markdown(columns: Column[], rows: (string | null)[][]): string {
  const cell = (value: string) => value.replaceAll('|', '\\|').replace(/\r?\n/g, '<br>');
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const kinds = columns.map((column) => kindOf(column.type));
  return [
    line(columns.map((column) => cell(column.name))),
    line(kinds.map((kind) => (kind === 'number' ? '---:' : '---'))),
    ...rows.map((row) => line(row.map((value, index) => cell(display(kinds[index] ?? 'text', value))))),
  ].join('\n');
}

/** Numbers are written digit by digit, since a float would round them. */
function json(columns: Column[], rows: (string | null)[][]): string {
  const kinds = columns.map((column) => kindOf(column.type));
  const value = (text: string | null, index: number): string => {
    if (text === null) return 'null';
    const kind = kinds[index];
    if (kind === 'number' && /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return text;
    if (kind === 'boolean' && /^[01]$/.test(text)) return text === '1' ? 'true' : 'false';
    if (kind === 'nested' && isJson(text)) return text;
    return JSON.stringify(text);
  };
  const objects = rows.map(
    (row) =>
      `{${row.map((text, index) => `${JSON.stringify(columns[index]?.name ?? '')}: ${value(text, index)}`).join(', ')}}`,
  );
  return `[\n${objects.map((object) => `  ${object}`).join(',\n')}\n]`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
