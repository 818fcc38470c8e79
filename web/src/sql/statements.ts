/** A statement of a worksheet's text, without the `;` that ends it. */
export interface Statement {
  from: number;
  to: number;
  text: string;
}

/** Where a token of `text` that begins at `at` ends; the rules are the server's. */
export function skipToken(text: string, at: number): number {
  const two = text.slice(at, at + 2);
  switch (text[at]) {
    case "'":
      return skipString(text, at);
    case '"':
    case '`':
      return skipQuoted(text, at, text[at] as string);
    case '@':
      return skipStagePath(text, at);
  }
  if (two === '--') return skipTo(text, at, '\n', 0);
  if (two === '/*') return skipTo(text, at + 2, '*/', 2);
  if (two === '$$') return skipTo(text, at + 2, '$$', 2);
  return at + 1;
}

function skipTo(text: string, from: number, end: string, length: number): number {
  const found = text.indexOf(end, from);
  return found < 0 ? text.length : found + length;
}

function skipString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === "'" && text[at + 1] === "'") at += 1;
    else if (text[at] === "'") return at + 1;
  }
  return text.length;
}

function skipQuoted(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] !== quote) continue;
    if (text[at + 1] === quote) at += 1;
    else return at + 1;
  }
  return text.length;
}

/** `--` and `/*` may be part of the path of `@stage/path`. */
function skipStagePath(text: string, start: number): number {
  let at = start + 1;
  for (; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (/[\s,`;'"()]/.test(text[at] as string)) break;
  }
  return Math.min(at, text.length);
}

/** All statements of a text, in order; pieces that hold nothing but blanks and comments are none. */
export function splitStatements(text: string): Statement[] {
  const statements: Statement[] = [];
  let first = -1;
  let last = 0;
  const close = () => {
    if (first >= 0) statements.push({ from: first, to: last, text: text.slice(first, last) });
    first = -1;
  };
  for (let at = 0; at < text.length; ) {
    const next = skipToken(text, at);
    const isComment = /^(--|\/\*)/.test(text.slice(at, at + 2));
    if (text[at] === ';') close();
    else if (!isComment && !/\s/.test(text[at] as string)) {
      if (first < 0) first = at;
      last = next;
    }
    at = next;
  }
  close();
  return statements;
}

/** The statement at the cursor: the one around it, else the one before it, else the next. */
export function statementAt(text: string, cursor: number): Statement | null {
  const statements = splitStatements(text);
  const around = statements.find((statement) => statement.from <= cursor && cursor <= statement.to);
  if (around) return around;
  // Behind the `;` on the same line, people mean the statement that they have just ended.
  const before = statements.filter((statement) => statement.to < cursor).at(-1);
  const next = statements.find((statement) => statement.from > cursor);
  if (before && !text.slice(before.to, cursor).includes('\n')) return before;
  return next ?? before ?? null;
}
