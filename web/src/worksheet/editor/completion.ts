import type { Completion, CompletionContext, CompletionResult, CompletionSource } from '@codemirror/autocomplete';
import { sourcesOf, wantedAt, type Source, type Wanted } from '../../sql/context.ts';
import { quoteName } from '../../sql/quote.ts';
import { splitStatements, statementAt } from '../../sql/statements.ts';
import { formatBytes } from '../../ui/format.ts';
import { catalog } from '../catalog.svelte.ts';
import { KEYWORDS, TYPES } from './language.ts';

const keywordOptions: Completion[] = [
  ...KEYWORDS.split(' ').map((word) => ({ label: word.toUpperCase(), type: 'keyword' })),
  ...TYPES.split(' ').map((word) => ({ label: word.toUpperCase(), type: 'type', boost: -1 })),
];
const WORD = /^[\p{L}_][\p{L}\p{N}_$]*$/u;
const PATH = /^[^\s,;'"`()]*$/;
/** Behind a slash another folder is asked for. */
const PART = /^[^\s,;'"`()/]*$/;

/** Completes from the catalog, from aliases, and along `@stage/` paths down to the files. */
export function completionSource(database: () => string): CompletionSource {
  return async (context) => {
    const text = context.state.doc.toString();
    const { from, sql } = statementAround(text, context.pos);
    const wanted = wantedAt(text.slice(from, context.pos));
    if (wanted.kind === 'nothing') return null;
    const start = from + wanted.from;
    if (wanted.kind === 'location') return completeLocation(context, wanted, start);
    if (wanted.kind === 'member') {
      return { from: start, options: await members(wanted.of, sourcesOf(sql), database()), validFor: WORD };
    }
    // Without a letter nobody asked, except where only few things can stand.
    const isEmpty = start === context.pos;
    if (isEmpty && !context.explicit && wanted.kind === 'expression') return null;
    return { from: start, options: await optionsFor(wanted, sql, database()), validFor: WORD };
  };
}

function statementAround(text: string, pos: number): { from: number; sql: string } {
  const around = statementAt(text, pos);
  if (around && around.from <= pos && pos <= around.to) return { from: around.from, sql: around.text };
  const before = splitStatements(text).filter((statement) => statement.to <= pos).at(-1);
  // Blanks behind a statement belong to it until a `;` ends it.
  if (before && !text.slice(before.to, pos).includes(';')) return { from: before.from, sql: before.text };
  const from = before ? text.indexOf(';', before.to) + 1 : 0;
  return { from, sql: text.slice(from, pos) };
}

async function completeLocation(
  context: CompletionContext,
  wanted: Extract<Wanted, { kind: 'location' }>,
  start: number,
): Promise<CompletionResult | null> {
  if (wanted.stage === null) {
    const options = catalog.snapshot.stages.map((stage) => ({
      label: `@${stage.name}`,
      apply: `@${stage.name}/`,
      type: 'namespace',
      detail: stage.url,
    }));
    return { from: start, options, validFor: /^@[\w~]*$/ };
  }
  const slash = wanted.path.lastIndexOf('/') + 1;
  const prefix = wanted.path.slice(0, slash);
  const typed = wanted.path.slice(slash);
  const page = await catalog.folder(wanted.stage, prefix).catch(() => null);
  if (!page || context.aborted) return null;
  // A path with blanks or quotes needs quotes around the location; those completions come in quotes only.
  const fits = (name: string) => wanted.isQuoted || PATH.test(name);
  const folders = page.folders
    .filter((folder) => fits(folder.name))
    .map((folder) => ({ label: `${folder.name}/`, type: 'folder', boost: 1 }));
  const files = page.files
    .filter((file) => fits(file.name))
    .map((file) => ({ label: file.name, type: 'text', detail: formatBytes(file.size) }));
  return { from: start + wanted.path.length - typed.length, options: [...folders, ...files], validFor: PART };
}

async function members(of: string, sources: Source[], database: string): Promise<Completion[]> {
  const source = sources.find((entry) => entry.alias.toLowerCase() === of.toLowerCase());
  if (source) return columnsOf(source, database);
  const schema = catalog.snapshot.databases.find((entry) => entry.name.toLowerCase() === of.toLowerCase());
  return (schema?.tables ?? []).map((table) => ({
    label: table.name,
    apply: quoteName(table.name),
    type: 'class',
    detail: table.kind.toLowerCase(),
  }));
}

async function columnsOf(source: Source, database: string): Promise<Completion[]> {
  const columns = source.isStage
    ? await catalog.columnsOf(source.name).catch(() => [])
    : (catalog.table(source.name, database)?.columns ?? []);
  return columns.map((column) => ({
    label: column.name,
    // Columns are found whatever their case, so only odd names need quotes.
    apply: WORD.test(column.name) ? column.name : quoteName(column.name),
    type: 'property',
    detail: column.type,
    boost: 3,
  }));
}

async function optionsFor(wanted: Wanted, sql: string, database: string): Promise<Completion[]> {
  const { snapshot } = catalog;
  switch (wanted.kind) {
    case 'connection':
      return snapshot.connections.map((name) => ({ label: name, type: 'constant' }));
    case 'file-format':
      return snapshot.file_formats.map((name) => ({ label: name, type: 'constant' }));
    case 'stage-name':
      return snapshot.stages.map((stage) => ({ label: stage.name, type: 'namespace', detail: stage.url }));
    case 'setting':
      return snapshot.settings.map((setting) => ({
        label: setting.name,
        type: 'variable',
        detail: setting.value,
        info: setting.description,
      }));
    case 'table':
      return tableOptions(database);
    default: {
      const sources = sourcesOf(sql);
      const columns = await Promise.all(sources.map((source) => columnsOf(source, database)));
      const aliases = sources
        .filter((source) => WORD.test(source.alias))
        .map((source) => ({ label: source.alias, type: 'variable', detail: source.name, boost: 2 }));
      const functions = snapshot.functions.map((entry) => ({
        label: entry.name,
        apply: `${entry.name}(`,
        type: 'function',
        detail: entry.kind,
      }));
      return dedupe([...columns.flat(), ...aliases, ...functions, ...keywordOptions]);
    }
  }
}

function tableOptions(database: string): Completion[] {
  const { snapshot } = catalog;
  const here = snapshot.databases.find((entry) => entry.name === database)?.tables ?? [];
  return [
    ...here.map((table) => ({ label: table.name, apply: quoteName(table.name), type: 'class', boost: 3 })),
    ...snapshot.stages.map((stage) => ({
      label: `@${stage.name}`,
      apply: `@${stage.name}/`,
      type: 'namespace',
      detail: stage.url,
      boost: 2,
    })),
    ...snapshot.databases.map((entry) => ({
      label: entry.name,
      apply: `${quoteName(entry.name)}.`,
      type: 'namespace',
      detail: 'database',
    })),
    { label: 'SELECT', type: 'keyword', boost: -2 },
  ];
}

function dedupe(options: Completion[]): Completion[] {
  const seen = new Set<string>();
  return options.filter((option) => {
    const key = option.label.toLowerCase();
    return !seen.has(key) && seen.add(key);
  });
}
