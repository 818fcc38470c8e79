import { quoteString } from './quote.ts';
import { skipToken } from './statements.ts';

/** How a parameter's value is written into the statement. */
export type ParameterKind = 'text' | 'number' | 'date' | 'timestamp' | 'boolean' | 'null';

export interface ParameterValue {
  kind: ParameterKind;
  value: string;
}

interface Place {
  name: string;
  from: number;
  to: number;
}

function places(text: string): Place[] {
  const found: Place[] = [];
  if (!/:[a-zA-Z_]/.test(text)) return found;
  for (let at = 0; at < text.length; ) {
    const next = skipToken(text, at);
    const match = text[at] === ':' ? /^:([a-zA-Z_]\w*)/.exec(text.slice(at)) : null;
    // `a::int` is a cast, `v:name` a path into a VARIANT and `1:2` a slice: a parameter stands behind none of these.
    if (match && !/[\w:"\])`]/.test(text[at - 1] ?? ' ')) {
      found.push({ name: match[1] as string, from: at, to: at + match[0].length });
      at += match[0].length;
    } else at = text.startsWith('::', at) ? at + 2 : next;
  }
  return found;
}

/** Names of the parameters of a text, each once, in the order of their first place. */
export function parameterNames(text: string): string[] {
  return [...new Set(places(text).map((place) => place.name))];
}

/** Why a value cannot be written as its kind; null when it can. */
export function parameterProblem({ kind, value }: ParameterValue): string | null {
  switch (kind) {
    case 'number':
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value.trim()) ? null : 'not a number';
    case 'date':
      return /^\d{4}-\d{2}-\d{2}$/.test(value.trim()) ? null : 'a date is written 2026-01-31';
    case 'timestamp':
      return /^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?$/.test(value.trim())
        ? null
        : 'a timestamp is written 2026-01-31 12:00:00';
    case 'boolean':
      return /^(true|false)$/i.test(value.trim()) ? null : 'true or false';
    default:
      return null;
  }
}

/** The literal of a value: whatever it holds stays data. */
export function literal({ kind, value }: ParameterValue): string {
  switch (kind) {
    case 'null':
      return 'NULL';
    case 'number':
      return value.trim();
    case 'boolean':
      return value.trim().toUpperCase();
    case 'date':
      return `DATE ${quoteString(value.trim())}`;
    case 'timestamp':
      return `TIMESTAMP ${quoteString(value.trim().replace('T', ' '))}`;
    default:
      return quoteString(value);
  }
}

/** The text with its parameters written in. */
export function bindParameters(text: string, values: Record<string, ParameterValue>): string {
  let bound = '';
  let done = 0;
  for (const place of places(text)) {
    const value = values[place.name];
    if (!value) continue;
    bound += text.slice(done, place.from) + literal(value);
    done = place.to;
  }
  return bound + text.slice(done);
}
