import { describe, expect, it } from 'vitest';
import { bareType, compareValues, display, kindOf, toNumber } from './values.ts';

describe('kindOf', () => {
  it.each([
    ['Nullable(Int64)', 'number'],
    ['Decimal(38, 18)', 'number'],
    ['Timestamp', 'time'],
    ['Nullable(Date)', 'time'],
    ['Boolean', 'boolean'],
    ['Array(Nullable(Int32))', 'nested'],
    ['Map(String, Int64)', 'nested'],
    ['Binary', 'binary'],
    ['String', 'text'],
    ['Interval', 'text'],
  ])('%s is %s', (type, kind) => expect(kindOf(type)).toBe(kind));

  it('takes Nullable off', () => expect(bareType('Nullable(Array(Nullable(String)))')).toBe('Array(Nullable(String))'));
});

describe('compareValues', () => {
  const sorted = (kind: 'number' | 'time' | 'text', values: string[]) =>
    values.toSorted((left, right) => compareValues(kind, left, right));

  it('orders integers that no float tells apart', () => {
    expect(sorted('number', ['9223372036854775807', '9223372036854775806', '-9223372036854775808', '0', '-1'])).toEqual([
      '-9223372036854775808',
      '-1',
      '0',
      '9223372036854775806',
      '9223372036854775807',
    ]);
  });

  it('orders decimals by all their digits', () => {
    expect(sorted('number', ['1.10', '1.09', '-1.5', '10', '1.100000000000000000001'])).toEqual([
      '-1.5',
      '1.09',
      '1.10',
      '1.100000000000000000001',
      '10',
    ]);
  });

  it('takes exponents, infinities and NaN', () => {
    expect(sorted('number', ['NaN', '1e10', '-inf'.replace('inf', 'Infinity'), '2'])).toEqual(['-Infinity', '2', '1e10', 'NaN']);
  });

  it('knows that -0 and 0.0 are the same', () => expect(compareValues('number', '-0', '0.0')).toBe(0));
});

it('reads times as UTC', () => {
  expect(toNumber('time', '2024-01-02 03:04:05.000000')).toBe(Date.UTC(2024, 0, 2, 3, 4, 5));
  expect(toNumber('time', '2024-01-02')).toBe(Date.UTC(2024, 0, 2));
  expect(toNumber('number', 'abc')).toBeNull();
});

it('shows NULL and booleans by name', () => {
  expect([display('text', null), display('boolean', '1'), display('boolean', '0')]).toEqual(['NULL', 'true', 'false']);
});
