import { describe, expect, it } from 'vitest';
import { nameFor, parseLocation, readRoleArn } from './location.ts';

describe('parseLocation', () => {
  it.each([
    ['s3://test-bucket-123', 'test-bucket-123', ''],
    [' s3://test-bucket-123/raw/2026 ', 'test-bucket-123', 'raw/2026/'],
    ['s3a://b-1/x/', 'b-1', 'x/'],
    ['"s3://bbb/x/a.parquet"', 'bbb', 'x/'],
    ['s3://bbb/a.parquet', 'bbb', ''],
    ['s3://bbb/raw/*.parquet', 'bbb', 'raw/'],
    ['arn:aws:s3:::acme-lake/raw/*', 'acme-lake', 'raw/'],
    ['arn:aws:s3:::acme-lake', 'acme-lake', ''],
    ['acme.lake/raw/', 'acme.lake', 'raw/'],
    ['https://acme-lake.s3.eu-central-1.amazonaws.com/raw/a%20b/', 'acme-lake', 'raw/a b/'],
    ['https://s3.eu-central-1.amazonaws.com/acme-lake/raw/', 'acme-lake', 'raw/'],
    ['https://acme-lake.s3.amazonaws.com/', 'acme-lake', ''],
    ['https://us-east-1.console.aws.amazon.com/s3/buckets/acme-lake?region=us-east-1&prefix=raw/', 'acme-lake', 'raw/'],
  ])('%s', (input, bucket, prefix) => {
    expect(parseLocation(input)).toMatchObject({ bucket, prefix });
  });

  it.each([
    ['', 'Paste the bucket'],
    ['s3:///x', 'missing'],
    ['s3://Upper', 'capitals'],
    ['s3://a_b', 'underscore'],
    ['gs://bucket/x', 'Only S3'],
    ['https://example.com/x', 'no address of S3'],
    ['ab', 'cannot be the name'],
  ])('%s is refused', (input, message) => {
    expect(() => parseLocation(input)).toThrow(message);
  });

  it('says what it changed', () => {
    expect(parseLocation('s3://bbb/raw').notes).toEqual(['A / was added at the end.']);
  });
});

it('names things after the bucket', () => {
  expect(nameFor({ bucket: 'test-bucket-123', prefix: '' })).toBe('test_bucket_123');
  expect(nameFor({ bucket: '9lake', prefix: 'raw/Sales Data/' })).toBe('s_9lake_sales_data');
});

describe('readRoleArn', () => {
  it('takes blanks and line breaks away', () => {
    expect(readRoleArn(' arn:aws:iam::987654321987:\n role/team/databend-test\n')).toEqual({
      arn: 'arn:aws:iam::987654321987:role/team/databend-test',
      account: '987654321987',
      name: 'databend-test',
    });
  });

  it('finds it in what the CLI text prints', () => {
    const printed = "CREATE CONNECTION sales\n    STORAGE_TYPE = 's3'\n    ROLE_ARN = 'arn:aws:iam::987654321987:role/r-1';\nVALIDATE CONNECTION sales;";
    expect(readRoleArn(printed).arn).toBe('arn:aws:iam::987654321987:role/r-1');
  });

  it.each([
    ['', 'Paste the ARN'],
    ['databend-test', 'looks like'],
    ['arn:aws:iam::98765432198:role/r', '12 digits, this has 11'],
    ['arn:aws:iam::987654321987:user/u', 'This is a user'],
    ['arn:aws:iam::987654321987:policy/p', 'This is the policy'],
    ['arn:aws:sts::987654321987:assumed-role/r/s', 'role/r'],
    ['arn:aws:s3:::bucket', 'ARN of s3'],
    ['arn:aws:iam::987654321987:role/', 'name of the role'],
  ])('%s is refused', (input, message) => {
    expect(() => readRoleArn(input)).toThrow(message);
  });
});
