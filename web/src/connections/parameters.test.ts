import { expect, it } from 'vitest';
import { parseParameters } from './parameters.ts';

it('takes the parameters of a connection apart', () => {
  expect(parseParameters('external_id=my=id-1 role_arn=arn:aws:iam::987654321987:role/databend-test')).toEqual([
    ['external_id', 'my=id-1'],
    ['role_arn', 'arn:aws:iam::987654321987:role/databend-test'],
  ]);
  expect(parseParameters('')).toEqual([]);
});
