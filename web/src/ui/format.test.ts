import { describe, expect, it } from 'vitest';
import { diffLines } from './diff.ts';
import { formatAge, formatBytes, formatCount, formatDuration, parseTime } from './format.ts';

describe('numbers and times', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [12_034, '12.0 kB'],
    [340_000_000, '340 MB'],
  ])('%i bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it('groups digits of integers that no float holds', () => {
    expect(formatCount('18446744073709551615')).toBe('18,446,744,073,709,551,615');
    expect(formatCount(999)).toBe('999');
  });

  it.each([
    [8.4, '8 ms'],
    [1240, '1.24 s'],
    [185_000, '3 min 05 s'],
    [3_900_000, '1 h 05 min'],
  ])('%d ms are %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  it.each(['2026-11-25 01:46:06.000 +0000', '2026-11-25T01:46:06.000000Z', '2026-11-25 01:46:06.000000'])(
    'reads %s',
    (text) => expect(parseTime(text).toISOString()).toBe('2026-11-25T01:46:06.000Z'),
  );

  it.each([
    ['2026-11-25T11:59:50Z', 'just now'],
    ['2026-11-25T11:55:00Z', '5 min ago'],
    ['2026-11-24T11:00:00Z', '1 day ago'],
    ['2026-11-22T11:00:00Z', '3 days ago'],
  ])('%s is %s', (text, age) => expect(formatAge(text, Date.parse('2026-11-25T12:00:00Z'))).toBe(age));
});

describe('diffLines', () => {
  it('keeps what is the same and marks the rest', () => {
    expect(diffLines('a\nb\nc', 'a\nx\nc\nd').map((line) => line.kind[0] + line.text)).toEqual([
      'sa',
      'rb',
      'ax',
      'sc',
      'ad',
    ]);
  });
});
