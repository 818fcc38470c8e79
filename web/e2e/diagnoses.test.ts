import { expect, test } from 'vitest';
import { CUSTOMER, PROVIDER, readStatements, trust } from './support/cloud.ts';
import { TUTORIAL_FILE, useWorld } from './support/world.ts';
import { beginConnection, expectFailure, expectFixed, roleArn, rung, statuses, verifyAgain, verifyConnection } from './support/wizard.ts';

// Each mistake of an AWS administrator: what the ladder says, and that the fix turns it green.
const world = useWorld();

test('the role does not exist', async () => {
  const it = await beginConnection(world);
  const name = world.customer.newName('late');
  await verifyConnection(world, it, roleArn(name));
  const text = await expectFailure(it.page, 'assume role', /role|trust/i);
  expect(text).toContain(name);
  await world.customer.role({ name, bucket: it.bucket, externalId: it.externalId });
  await expectFixed(it.page);
});

test('the trust policy names another principal', async () => {
  const it = await beginConnection(world);
  const name = world.customer.newName('role');
  await world.customer.role({ name, bucket: it.bucket, externalId: it.externalId, principal: `arn:aws:iam::${CUSTOMER}:root` });
  await verifyConnection(world, it, roleArn(name));
  await expectFailure(it.page, 'assume role', /principal|trust/i);
  await world.customer.trust(name, it.externalId);
  await expectFixed(it.page);
});

test('the trust policy has another external id', async () => {
  const it = await beginConnection(world);
  const name = world.customer.newName('role');
  await world.customer.role({ name, bucket: it.bucket, externalId: 'another-id' });
  await verifyConnection(world, it, roleArn(name));
  await expectFailure(it.page, 'assume role', /external ?id/i);
  await world.customer.trust(name, it.externalId);
  await expectFixed(it.page);
});

test('the trust policy asks for no external id: anybody who knows the ARN could come through us', async () => {
  const it = await beginConnection(world);
  const name = world.customer.newName('role');
  await world.customer.role({ name, bucket: it.bucket });
  await verifyConnection(world, it, roleArn(name));
  await expect.poll(async () => (await statuses(it.page))['external id required']).toBe('warning');
  const text = await rung(it.page, 'external id required').innerText();
  expect(text).toContain('sts:ExternalId');
  expect(text).toContain(it.externalId);
  await world.customer.trust(name, it.externalId);
  await verifyAgain(it.page);
  await expect.poll(async () => (await statuses(it.page))['external id required'], { timeout: 60_000 }).toBe('good');
});

test('the role has no policy at all', async () => {
  const it = await beginConnection(world);
  const name = world.customer.newName('role');
  await world.customer.role({ name, externalId: it.externalId, statements: null });
  await verifyConnection(world, it, roleArn(name));
  await expectFailure(it.page, 'list', /s3:ListBucket/);
  await world.customer.policy(name, readStatements(it.bucket));
  await expectFixed(it.page);
});

test('ListBucket stands on the objects instead of the bucket', async () => {
  const it = await beginConnection(world);
  const name = world.customer.newName('role');
  await world.customer.role({
    name,
    externalId: it.externalId,
    statements: [{ Effect: 'Allow', Action: ['s3:ListBucket', 's3:GetObject'], Resource: `arn:aws:s3:::${it.bucket}/*` }],
  });
  await verifyConnection(world, it, roleArn(name));
  const text = await expectFailure(it.page, 'list', /s3:ListBucket/);
  expect(text).toContain(`arn:aws:s3:::${it.bucket}`);
  await world.customer.policy(name, readStatements(it.bucket));
  await expectFixed(it.page);
});

test('GetObject is missing', async () => {
  const it = await beginConnection(world);
  const name = world.customer.newName('role');
  await world.customer.role({
    name,
    externalId: it.externalId,
    statements: [{ Effect: 'Allow', Action: 's3:ListBucket', Resource: `arn:aws:s3:::${it.bucket}` }],
  });
  await verifyConnection(world, it, roleArn(name));
  await expectFailure(it.page, 'read', /s3:GetObject/);
  await world.customer.policy(name, readStatements(it.bucket));
  await expectFixed(it.page);
});

test('the bucket does not exist', async () => {
  const it = await beginConnection(world);
  const name = world.customer.newName('role');
  await world.customer.role({ name, bucket: it.bucket, externalId: it.externalId });
  await world.cloud.s3('DELETE', `${it.bucket}/test.parquet`);
  await world.cloud.s3('DELETE', it.bucket);
  await verifyConnection(world, it, roleArn(name));
  await expectFailure(it.page, 'bucket and region', /does not exist|no such|not found/i);
  await world.customer.bucket({ 'test.parquet': TUTORIAL_FILE }, it.bucket);
  await expectFixed(it.page);
});

test('a bucket policy denies what the role allows', async () => {
  const it = await beginConnection(world);
  const name = world.customer.newName('role');
  await world.customer.role({ name, bucket: it.bucket, externalId: it.externalId });
  await world.cloud.s3(
    'PUT',
    `${it.bucket}?policy`,
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Deny', Principal: '*', Action: 's3:ListBucket', Resource: `arn:aws:s3:::${it.bucket}`, Condition: { ArnLike: { 'aws:PrincipalArn': roleArn(name) } } },
      ],
    }),
  );
  await verifyConnection(world, it, roleArn(name));
  await expectFailure(it.page, 'list', /den(y|ied|ies)/i);
  await world.cloud.s3('DELETE', `${it.bucket}?policy`);
  await expectFixed(it.page);
});

test('an empty bucket is no mistake', async () => {
  const it = await beginConnection(world, { files: {} });
  const name = world.customer.newName('role');
  await world.customer.role({ name, bucket: it.bucket, externalId: it.externalId });
  await verifyConnection(world, it, roleArn(name));
  await expect.poll(async () => Object.values(await statuses(it.page)).includes('failed')).toBe(false);
});

test('write access that was not given is named', async () => {
  const it = await beginConnection(world, { write: true });
  const name = world.customer.newName('role');
  await world.customer.role({
    name,
    externalId: it.externalId,
    statements: [
      { Effect: 'Allow', Action: 's3:ListBucket', Resource: `arn:aws:s3:::${it.bucket}` },
      { Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::${it.bucket}/*` },
    ],
  });
  await verifyConnection(world, it, roleArn(name));
  await expect.poll(async () => Object.values(await statuses(it.page)).includes('failed'), { timeout: 60_000 }).toBe(true);
  expect(await it.page.locator('ol.ladder').innerText()).toContain('s3:PutObject');
  await world.customer.policy(name, readStatements(it.bucket));
  await expectFixed(it.page);
});

test('the key may not be used: files encrypted with a KMS key', async () => {
  const it = await beginConnection(world, { files: {} });
  const { KeyMetadata: key } = await world.cloud.kms('CreateKey', {});
  await world.cloud.s3('PUT', `${it.bucket}/test.parquet`, TUTORIAL_FILE, {
    headers: { 'x-amz-server-side-encryption': 'aws:kms', 'x-amz-server-side-encryption-aws-kms-key-id': key.Arn },
  });
  const name = world.customer.newName('role');
  await world.customer.role({ name, bucket: it.bucket, externalId: it.externalId });
  await verifyConnection(world, it, roleArn(name));
  const text = await expectFailure(it.page, 'read', /kms:Decrypt/);
  expect(text).toContain(key.Arn);
  await world.customer.policy(name, [
    ...readStatements(it.bucket),
    { Effect: 'Allow', Action: 'kms:Decrypt', Resource: key.Arn },
  ]);
  // The keys of a query are narrowed to what the connection names.
  await world.server.sql(`ALTER CONNECTION ${it.name} SET KMS_KEY_ARN = '${key.Arn}'`);
  await expectFixed(it.page);
});

test('the only file is archived', async () => {
  const it = await beginConnection(world, { files: {} });
  await world.cloud.s3('PUT', `${it.bucket}/old.parquet`, TUTORIAL_FILE, { headers: { 'x-amz-storage-class': 'GLACIER' } });
  const name = world.customer.newName('role');
  await world.customer.role({ name, bucket: it.bucket, externalId: it.externalId });
  await verifyConnection(world, it, roleArn(name));
  const text = (await it.page.locator('ol.ladder').innerText()).toLowerCase();
  expect(text).toMatch(/archive|glacier/);
  await world.customer.put(it.bucket, 'new.parquet', TUTORIAL_FILE);
  await expectFixed(it.page);
});

test('a bucket in another region is found there', async () => {
  const it = await beginConnection(world);
  const bucket = world.customer.newName('far');
  const there = { region: 'eu-west-1' };
  await world.cloud.s3(
    'PUT',
    bucket,
    '<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>',
    there,
  );
  await world.cloud.s3('PUT', `${bucket}/test.parquet`, TUTORIAL_FILE, there);
  const name = world.customer.newName('role');
  await world.customer.role({ name, bucket, externalId: it.externalId });
  await verifyConnection(world, { ...it, bucket }, roleArn(name));
  await expectFixed(it.page);
  expect(await rung(it.page, 'bucket and region').innerText()).toContain('eu-west-1');
});

test('a bucket of another account asks for a policy of its own', async () => {
  const it = await beginConnection(world);
  const bucket = world.customer.newName('foreign');
  const owner = { account: PROVIDER };
  await world.cloud.s3('PUT', bucket, undefined, owner);
  await world.cloud.s3('PUT', `${bucket}/test.parquet`, TUTORIAL_FILE, owner);
  const name = world.customer.newName('role');
  await world.customer.role({ name, bucket, externalId: it.externalId });
  await verifyConnection(world, { ...it, bucket }, roleArn(name));
  await expectFailure(it.page, 'list', /bucket policy|another account|resource-based/i);
  const policy = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: roleArn(name) },
        Action: ['s3:ListBucket', 's3:GetObject'],
        Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
      },
    ],
  };
  await world.cloud.s3('PUT', `${bucket}?policy`, JSON.stringify(policy), owner);
  await expectFixed(it.page);
});

test('a probe that may not be deleted is named', async () => {
  const it = await beginConnection(world, { write: true });
  const name = world.customer.newName('role');
  const writing = ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'];
  const statements = (actions: string[]) => [
    { Effect: 'Allow', Action: 's3:ListBucket', Resource: `arn:aws:s3:::${it.bucket}` },
    { Effect: 'Allow', Action: actions, Resource: `arn:aws:s3:::${it.bucket}/*` },
  ];
  await world.customer.role({ name, externalId: it.externalId, statements: statements(writing) });
  await verifyConnection(world, it, roleArn(name));
  await expect.poll(() => it.page.locator('ol.ladder').innerText()).toMatch(/s3:DeleteObject[\s\S]*left behind/);
  await world.customer.policy(name, statements([...writing, 's3:DeleteObject']));
  await verifyAgain(it.page);
  await expect.poll(async () => Object.values(await statuses(it.page)).includes('failed')).toBe(false);
});

test('the server may not become the organization’s principal', async () => {
  const it = await beginConnection(world);
  const name = world.customer.newName('role');
  await world.customer.role({ name, bucket: it.bucket, externalId: it.externalId });
  const trusted = await world.cloud.iam(PROVIDER, 'GetRole', { RoleName: 'stagedoor-tn3default' });
  const put = (policy: string) =>
    world.cloud.iam(PROVIDER, 'UpdateAssumeRolePolicy', { RoleName: 'stagedoor-tn3default', PolicyDocument: policy });
  await put(trust(`arn:aws:iam::${CUSTOMER}:root`));
  await verifyConnection(world, it, roleArn(name));
  await expectFailure(it.page, 'organization role', /trust|sts:AssumeRole/);
  await put(decodeURIComponent(trusted.match(/<AssumeRolePolicyDocument>([^<]+)</)![1]!));
  await expectFixed(it.page);
});
