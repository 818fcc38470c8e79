import { describe, expect, it } from 'vitest';
import { alikePolicies } from './policy.ts';

const WANTED = `{
  "Version": "2012-10-17",
  "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:role/p"}, "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": {"sts:ExternalId": "x"}}}]
}`;

describe('alikePolicies', () => {
  it.each([
    // A statement that stands alone, another order, lists of one.
    '{"Statement": {"Condition": {"StringEquals": {"sts:ExternalId": ["x"]}}, "Action": ["sts:AssumeRole"], "Principal": {"AWS": ["arn:aws:iam::1:role/p"]}, "Effect": "Allow"}, "Version": "2012-10-17"}',
    // The whole answer of get-role.
    `{"Role": {"RoleName": "r", "AssumeRolePolicyDocument": ${WANTED}}}`,
    encodeURIComponent(WANTED),
  ])('finds the same policy the same', (pasted) => {
    const alike = alikePolicies(pasted, WANTED);
    expect(alike.pasted).toBe(alike.wanted);
  });

  it('keeps what differs, on a line of its own', () => {
    const alike = alikePolicies(WANTED.replace('"x"', '"y"'), WANTED);
    const differing = alike.pasted.split('\n').filter((line, index) => line !== alike.wanted.split('\n')[index]);
    expect(differing).toEqual(['          "sts:ExternalId": "y"']);
  });

  it('leaves what is no JSON', () => {
    expect(alikePolicies('not json', WANTED).pasted).toBe('not json');
  });
});
