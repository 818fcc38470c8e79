import { describe, expect, it } from 'vitest';
import { bindParameters, parameterNames, parameterProblem } from './parameters.ts';

describe('parameters', () => {
  it('are found outside of strings, comments, casts and paths', () => {
    const sql = "SELECT ':a', x::int, v:name, :day -- :b\n FROM t WHERE d = :day AND n > :n AND a[1:2] = 1";
    expect(parameterNames(sql)).toEqual(['day', 'n']);
  });

  it('stay data whatever they hold', () => {
    const bound = bindParameters('SELECT :x, :y', {
      x: { kind: 'text', value: "'; DROP STAGE s; -- \\" },
      y: { kind: 'number', value: ' 1.5 ' },
    });
    expect(bound).toBe("SELECT '''; DROP STAGE s; -- \\\\', 1.5");
  });

  it('are refused as numbers when they are none', () => {
    expect(parameterProblem({ kind: 'number', value: '1; DROP' })).toBe('not a number');
    expect(parameterProblem({ kind: 'number', value: '-1e9' })).toBeNull();
    expect(parameterProblem({ kind: 'date', value: '2026-1-1' })).not.toBeNull();
  });

  it('keep unknown names as they are', () => {
    expect(bindParameters('SELECT :a, :b', { a: { kind: 'null', value: '' } })).toBe('SELECT NULL, :b');
  });
});
