/** How a column is compared, aligned and drawn; from the type that the server names. */
export type ValueKind = 'number' | 'time' | 'boolean' | 'nested' | 'binary' | 'text';

/** `Nullable(Int64)` is Int64 that may be NULL. */
export function bareType(type: string): string {
  return /^Nullable\((.*)\)$/i.exec(type.trim())?.[1] ?? type.trim();
}

export function kindOf(type: string): ValueKind {
  const bare = bareType(type).toLowerCase();
  if (/^(u?int\d+|float\d+|decimal|double|number|bigint|integer)/.test(bare)) return 'number';
  if (/^(date|timestamp|datetime)/.test(bare)) return 'time';
  if (/^bool/.test(bare)) return 'boolean';
  if (/^(array|map|tuple|variant|json|struct|object)/.test(bare)) return 'nested';
  if (/^(binary|varbinary)/.test(bare)) return 'binary';
  return 'text';
}

/** Compares two values that are not null. Integers and decimals keep all their digits. */
export function compareValues(kind: ValueKind, left: string, right: string): number {
  if (kind === 'number') return compareNumbers(left, right);
  // Times are written largest part first, so that texts have their order.
  return left < right ? -1 : left > right ? 1 : 0;
}

const PLAIN_NUMBER = /^([+-]?)0*(\d*)(?:\.(\d*))?$/;

function compareNumbers(left: string, right: string): number {
  const l = PLAIN_NUMBER.exec(left);
  const r = PLAIN_NUMBER.exec(right);
  if (!l || !r) return compareFloats(Number(left), Number(right));
  const zeroLeft = !/[1-9]/.test(left);
  const zeroRight = !/[1-9]/.test(right);
  const signLeft = zeroLeft ? 0 : l[1] === '-' ? -1 : 1;
  const signRight = zeroRight ? 0 : r[1] === '-' ? -1 : 1;
  if (signLeft !== signRight) return Math.sign(signLeft - signRight);
  return signLeft * compareDigits(l[2] ?? '', l[3] ?? '', r[2] ?? '', r[3] ?? '');
}

function compareDigits(whole: string, part: string, otherWhole: string, otherPart: string): number {
  if (whole.length !== otherWhole.length) return Math.sign(whole.length - otherWhole.length);
  const length = Math.max(part.length, otherPart.length);
  const left = whole + part.padEnd(length, '0');
  const right = otherWhole + otherPart.padEnd(length, '0');
  return left < right ? -1 : left > right ? 1 : 0;
}

/** NaN behind every number, as the engine orders it. */
function compareFloats(left: number, right: number): number {
  const l = Number.isNaN(left);
  const r = Number.isNaN(right);
  if (l || r) return Number(l) - Number(r);
  return Math.sign(left - right) || 0;
}

/** For drawing alone, where no digit matters: a number, a time in milliseconds, or null. */
export function toNumber(kind: ValueKind, value: string | null): number | null {
  if (value === null) return null;
  if (kind === 'time') {
    const iso = value.replace(' ', 'T');
    const time = Date.parse(/T/.test(iso) && !/([zZ]|[+-]\d\d:?\d\d)$/.test(iso) ? `${iso}Z` : iso);
    return Number.isNaN(time) ? null : time;
  }
  if (kind === 'boolean') return value === '1' || value.toLowerCase() === 'true' ? 1 : 0;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** How a value is shown in a cell: booleans are told by name. */
export function display(kind: ValueKind, value: string | null): string {
  if (value === null) return 'NULL';
  if (kind === 'boolean') return value === '1' ? 'true' : value === '0' ? 'false' : value;
  return value;
}
