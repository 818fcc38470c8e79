import { expect, test } from 'vitest';
import { healthOf } from './health.ts';

const ROW = { connection: 'c', validated_at: '2026-01-02 03:04:05', validated_by: 'ann', location: 's3://b/', status: 'ok', step: '', cause: '', is_current: '1' };

test('a verification is told in short', () => {
  expect(healthOf(ROW)).toEqual({ at: '2026-01-02 03:04:05', by: 'ann', status: 'ok', note: '', isStale: false });
});

test('what failed is named, and a change since then is known', () => {
  const health = healthOf({ ...ROW, status: 'failed', step: 'list', cause: 's3:ListBucket is missing', is_current: '0' });
  expect(health).toMatchObject({ status: 'failed', note: 'list: s3:ListBucket is missing', isStale: true });
});
