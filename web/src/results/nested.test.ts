import { expect, it } from 'vitest';
import { hexLines, prettyNested } from './nested.ts';

it('lays nested values out without changing a digit', () => {
  expect(prettyNested('{"a":[9223372036854775807,{}],"b,c":"x: [y"}')).toBe(
    '{\n  "a": [\n    9223372036854775807,\n    {}\n  ],\n  "b,c": "x: [y"\n}',
  );
  expect(prettyNested('(1,"z")')).toBe('(\n  1,\n  "z"\n)');
  expect(prettyNested(']')).toBeNull();
  expect(prettyNested('[1')).toBeNull();
});

it('shows bytes with their characters', () => {
  expect(hexLines('48692100FF')).toBe(`000000  ${'48 69 21 00 ff'.padEnd(47)}  Hi!··`);
});
