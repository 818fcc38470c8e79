/** A string literal: a quote is doubled, and so is a backslash, which would begin an escape. */
export function quoteString(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

const PLAIN_NAME = /^[a-z_][a-z0-9_]*$/;

/** A name as it stands in SQL: bare where that means the same, else in double quotes. */
export function quoteName(name: string): string {
  return PLAIN_NAME.test(name) && !RESERVED.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

const RESERVED = new Set(
  'all and any as asc between by case cast create cross desc distinct drop else end exists except false for from full group having in inner intersect into is join left like limit not null offset on or order outer right select set table then to true union using values when where with'.split(
    ' ',
  ),
);

/** A place in a stage, in quotes where its path has characters that would end it. */
export function quoteLocation(stage: string, path = ''): string {
  const place = path ? `@${stage}/${path}` : `@${stage}`;
  return /[\s,;`'"()\\]/.test(place) ? quoteString(place) : place;
}
