import { formatDialect, postgresql, type DialectOptions } from 'sql-formatter';
import { skipToken } from './statements.ts';

/** PostgreSQL's, with the backquotes and parameters of ours. */
const dialect: DialectOptions = {
  ...postgresql,
  name: 'stagedoor',
  tokenizerOptions: {
    ...postgresql.tokenizerOptions,
    identTypes: ['""-qq', '``'],
    stringTypes: ["''-qq-bs", '$$'],
    paramTypes: { named: [':'], custom: [{ regex: '\\$\\d+(:[A-Za-z_]\\w*)*' }, { regex: '@[^\\s,;\'"`()]+' }] },
  },
};

/** The text, laid out. Throws when something of it is not understood; then the text stays. */
export function formatSql(text: string): string {
  const formatted = formatDialect(text, {
    dialect,
    keywordCase: 'upper',
    expressionWidth: 80,
    linesBetweenQueries: 2,
  });
  if (letters(text) !== letters(formatted)) throw new Error('the formatter would have changed more than blanks');
  return formatted;
}

/** What must stay the same: everything but blanks outside of strings and the case of words. */
function letters(text: string): string {
  let kept = '';
  for (let at = 0; at < text.length; ) {
    const next = skipToken(text, at);
    const token = text.slice(at, next);
    if (/^['"`@$]/.test(token)) kept += token;
    else kept += token.replace(/\s/g, '').toUpperCase();
    at = next;
  }
  return kept;
}
