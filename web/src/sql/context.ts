import { skipToken } from './statements.ts';

/** A table or location that a statement reads, and the name by which its columns are called. */
export interface Source {
  /** `default.t`, or `@stage/path`, as it is written. */
  name: string;
  alias: string;
  isStage: boolean;
}

interface Word {
  text: string;
  from: number;
  to: number;
}

/** Words, names, strings, stage paths and symbols of a text, without comments. */
export function words(text: string): Word[] {
  const found: Word[] = [];
  for (let at = 0; at < text.length; ) {
    const match = /^[\p{L}_][\p{L}\p{N}_$]*/u.exec(text.slice(at, at + 260));
    const next = match ? at + match[0].length : skipToken(text, at);
    const isComment = /^(--|\/\*)/.test(text.slice(at, at + 2));
    if (!isComment && !/\s/.test(text[at] as string)) found.push({ text: text.slice(at, next), from: at, to: next });
    at = next;
  }
  return found;
}

const ENDS_SOURCE =
  /^(where|group|order|having|limit|join|inner|left|right|full|cross|natural|on|using|union|except|intersect|qualify|window|select|from|set|lateral|semi|anti|offset|returning|values|when|then)$/i;

/** The sources of a statement, in order. */
export function sourcesOf(statement: string): Source[] {
  const all = words(statement);
  const sources: Source[] = [];
  for (let index = 0; index < all.length; index += 1) {
    if (!/^(from|join|into|update|table)$/i.test(all[index]?.text ?? '')) continue;
    let at = index + 1;
    do {
      at = readSource(all, at, sources);
    } while (all[at]?.text === ',' && ++at < all.length);
  }
  return sources;
}

function readSource(all: Word[], start: number, sources: Source[]): number {
  let at = start;
  const first = all[at]?.text ?? '';
  if (!first || ENDS_SOURCE.test(first) || first === '(') return at;
  let name = unquote(first);
  const isStage = name.startsWith('@');
  at += 1;
  while (all[at]?.text === '.' && all[at + 1]) {
    name += `.${unquote(all[at + 1]?.text ?? '')}`;
    at += 2;
  }
  // The options of a location, or the arguments of a table function.
  if (all[at]?.text === '(') at = skipBrackets(all, at);
  if (/^as$/i.test(all[at]?.text ?? '')) at += 1;
  const next = all[at]?.text ?? '';
  let alias = name.split('.').at(-1) ?? name;
  if (/^[\p{L}_"`]/u.test(next) && !ENDS_SOURCE.test(next)) {
    alias = unquote(next);
    at += 1;
  }
  sources.push({ name, alias, isStage });
  return at;
}

function skipBrackets(all: Word[], start: number): number {
  let depth = 0;
  for (let at = start; at < all.length; at += 1) {
    if (all[at]?.text === '(') depth += 1;
    else if (all[at]?.text === ')') depth -= 1;
    if (depth === 0) return at + 1;
  }
  return all.length;
}

function unquote(text: string): string {
  return /^(['"`]).*\1$/s.test(text) ? text.slice(1, -1) : text;
}

/** What is being written at the end of a text. */
export type Wanted =
  /** `@`, `@stage` or `@stage/path`, perhaps in quotes. */
  | { kind: 'location'; stage: string | null; path: string; from: number; isQuoted: boolean }
  /** What follows `alias.`. */
  | { kind: 'member'; of: string; from: number }
  | { kind: 'table'; from: number }
  | { kind: 'stage-name' | 'connection' | 'setting' | 'file-format'; from: number }
  | { kind: 'expression'; from: number }
  | { kind: 'nothing' };

/** Reads what is wanted at the end of `before`, the statement's text up to the cursor. */
export function wantedAt(before: string): Wanted {
  const open = openToken(before);
  if (open.kind === 'comment') return { kind: 'nothing' };
  const location = /@([\w~]*)(\/[^\s,;'"`()]*)?$/.exec(before);
  if (open.kind === 'string') {
    const inside = before.slice(open.from + 1);
    const quoted = /^@([\w~]*)(?:\/([^']*))?$/.exec(inside);
    if (quoted) return locationOf(before, open.from + 1, quoted[1] ?? '', inside.includes('/') ? (quoted[2] ?? '') : null, true);
    if (/connection_name\s*=>?\s*$/i.test(before.slice(0, open.from))) return { kind: 'connection', from: open.from + 1 };
    if (/format_name\s*=>?\s*$/i.test(before.slice(0, open.from))) return { kind: 'file-format', from: open.from + 1 };
    return { kind: 'nothing' };
  }
  if (location) {
    const path = location[2] === undefined ? null : location[2].slice(1);
    return locationOf(before, location.index, location[1] ?? '', path, false);
  }
  const word = /[\p{L}_][\p{L}\p{N}_$]*$/u.exec(before)?.[0] ?? '';
  const from = before.length - word.length;
  const member = /([\p{L}_][\p{L}\p{N}_$]*|"[^"]+"|`[^`]+`)\.$/u.exec(before.slice(0, from));
  if (member) return { kind: 'member', of: unquote(member[1] as string), from };
  const previous = words(before.slice(0, from)).slice(-2).map((token) => token.text.toLowerCase());
  const last = previous.at(-1) ?? '';
  if (['from', 'join', 'into', 'update', 'use', 'describe'].includes(last)) return { kind: 'table', from };
  if (last === 'table' || (last === 'desc' && previous.length === 1)) return { kind: 'table', from };
  if (last === 'stage') return { kind: 'stage-name', from };
  if (last === 'connection') return { kind: 'connection', from };
  if (last === 'set' || last === 'unset') return { kind: 'setting', from };
  return { kind: 'expression', from };
}

function locationOf(before: string, start: number, stage: string, path: string | null, isQuoted: boolean): Wanted {
  if (path === null) return { kind: 'location', stage: null, path: '', from: start, isQuoted };
  return { kind: 'location', stage, path, from: before.length - path.length, isQuoted };
}

function openToken(before: string): { kind: 'string' | 'comment' | 'none'; from: number } {
  for (let at = 0; at < before.length; ) {
    const next = skipToken(before, at);
    if (next >= before.length) {
      const two = before.slice(at, at + 2);
      if (before[at] === "'" && !(next - at > 1 && before.endsWith("'"))) return { kind: 'string', from: at };
      if (two === '--' || (two === '/*' && !before.endsWith('*/'))) return { kind: 'comment', from: at };
    }
    at = next;
  }
  return { kind: 'none', from: before.length };
}
