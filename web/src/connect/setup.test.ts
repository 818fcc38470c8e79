import { expect, it } from 'vitest';
import { factsOf, stepsOf } from './setup.ts';

it('reads principal and external id from the JSON form', () => {
  const steps = stepsOf([
    { step: '1', title: 'Policy of the role', language: 'json', text: '{"Statement": [{"Action": "s3:ListBucket"}]}' },
    {
      step: '2',
      title: 'Trust policy',
      language: 'json',
      text: '{"Statement": [{"Principal": {"AWS": "arn:aws:iam::123456789012:role/p"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "sd-7f3k"}}}]}',
    },
    { step: '3', title: 'Then in SQL', language: 'sql', text: 'VALIDATE CONNECTION c' },
  ]);
  const facts = factsOf(steps);
  expect(facts.principal).toBe('arn:aws:iam::123456789012:role/p');
  expect(facts.externalId).toBe('sd-7f3k');
  expect(facts.rolePolicy).toContain('s3:ListBucket');
});
