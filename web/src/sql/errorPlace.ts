/** Where in a statement its error is, counted in UTF-16 units of the statement. */
export interface ErrorPlace {
  from: number;
  to: number;
}

/** The server's drawing taken apart: the place, and the hints below it. */
export interface ErrorDetail {
  place: ErrorPlace | null;
  hints: string[];
  excerpt: string;
}

/**
 * Reads the excerpt that the server draws below an error:
 *
 *     2 | STORAGE_TYP = 's3'
 *       | ^^^^^^^^^^^
 *
 * A long line is cut, so what stands above the carets is looked for in the line itself.
 */
export function readDetail(statement: string, detail: string): ErrorDetail {
  const lines = detail.split('\n');
  const hints = lines.filter((line) => line.startsWith('hint: ')).map((line) => line.slice('hint: '.length));
  const excerpt = lines.filter((line) => !line.startsWith('hint: ')).join('\n').trimEnd();
  return { place: findPlace(statement, lines), hints, excerpt };
}

function findPlace(statement: string, lines: string[]): ErrorPlace | null {
  for (let index = 1; index < lines.length; index += 1) {
    const carets = /^( *)\| ( *)(\^+)/.exec(lines[index] as string);
    const drawn = /^(\d+) \| (.*)$/.exec(lines[index - 1] as string);
    if (!carets || !drawn) continue;
    const sourceLines = statement.split('\n');
    const number = Number(drawn[1]);
    const source = sourceLines[number - 1];
    if (source === undefined) return null;
    const offset = sourceLines.slice(0, number - 1).reduce((sum, line) => sum + line.length + 1, 0);
    const column = columnOf(source, drawn[2] as string, (carets[2] as string).length);
    const from = offset + Math.min(column, source.length);
    const to = Math.min(from + (carets[3] as string).length, offset + source.length);
    return to > from ? { from, to } : { from: Math.max(offset, from - 1), to: Math.max(from, offset + 1) };
  }
  return null;
}

/**
 * For an error that the server did not draw: the first place of a name that the message tells, when it is a word of the
 * statement. Null when there is none.
 */
export function placeOfName(statement: string, message: string): ErrorPlace | null {
  const names = [
    ...(/no field named ([^\s.,;]+(?:\.[^\s.,;]+)*)/i.exec(message)?.slice(1) ?? []),
    ...[...message.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string),
    ...[...message.matchAll(/'([^']+)'/g)].map((match) => match[1] as string),
  ];
  for (const name of names) {
    const bare = (name.split('.').at(-1) ?? name).replaceAll('"', '');
    for (const wanted of [name, bare]) {
      const escaped = wanted.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      const found = new RegExp(`(?<![\\w])${escaped}(?![\\w])`, 'i').exec(statement);
      if (wanted && found) return { from: found.index, to: found.index + wanted.length };
    }
  }
  return null;
}

/** From a column of the drawing to one of the source: tabs are drawn as four blanks, and cut lines begin with `… `. */
function columnOf(source: string, drawn: string, column: number): number {
  const cut = drawn.startsWith('… ');
  const visible = cut ? drawn.slice(2) : drawn;
  const before = cut ? column - 2 : column;
  const expanded = source.replaceAll('\t', '    ');
  const start = cut ? Math.max(0, expanded.indexOf(visible.replace(/ …$/, ''))) : 0;
  let at = 0;
  for (let drawnAt = 0; drawnAt < start + before && at < source.length; at += 1) {
    drawnAt += source[at] === '\t' ? 4 : 1;
  }
  return at;
}
