import { expect, it } from 'vitest';
import { sampleOf, type Rung } from './ladder.svelte.ts';

const rung = (step: string, seen: string, status: Rung['status'] = 'ok'): Rung => ({
  step,
  status,
  seen,
  cause: '',
  fix: '',
  call: '',
});

it('finds the file that was read', () => {
  const seen = '`s3://test-bucket-123/raw/a b.parquet`, 12034 bytes, 3 columns: id, name, at';
  expect(sampleOf([rung('list', ''), rung('sample file', seen)], 'test-bucket-123')).toBe('raw/a b.parquet');
  expect(sampleOf([rung('sample file', seen, 'failed')], 'test-bucket-123')).toBe('');
  expect(sampleOf([], 'b')).toBe('');
});
