import { expect, test } from 'vitest';
import { bendsql, runInShell } from './support/clients.ts';
import { PRINCIPAL, trust } from './support/cloud.ts';
import { PASSWORD } from './support/server.ts';
import { ask, cells, editor, openWorksheet, resultState, TUTORIAL_FILE, useWorld } from './support/world.ts';
import { beginCase, expectFailure, expectGreen, ladderEnds, roleArn, statuses, verify } from './support/wizard.ts';
import { expectWithin } from './support/time.ts';

const world = useWorld();

test('the tutorial through the wizard: from nothing to rows in less than 20 seconds', async () => {
  const bucket = await world.customer.bucket({ 'test.parquet': TUTORIAL_FILE });
  const visitor = await world.visitor();
  const { page } = visitor;
  const began = Date.now();
  await page.goto('/');
  await page.getByLabel('User').fill('root');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('main').getByRole('link', { name: 'Connect a bucket' }).first().click();
  await page.getByLabel('Bucket or folder').fill(`s3://${bucket}`);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Copy the external id' }).waitFor();
  const externalId = (await page.locator('dl.facts div', { hasText: 'External id' }).locator('code').textContent())!;
  const role = await world.customer.role({ bucket, externalId });
  await page.getByRole('button', { name: 'I have the role' }).click();
  await page.getByLabel('ARN of the role').fill(role);
  await page.keyboard.press('Enter');
  await ladderEnds(page);
  await page.getByRole('button', { name: 'Next: create' }).click();
  await page.getByRole('button', { name: 'Create and open worksheet' }).click();
  await page.getByRole('grid').waitFor();
  await expect.poll(async () => (await cells(page)).length).toBeGreaterThan(0);
  const took = Date.now() - began;
  expectWithin(took, 20_000, 'the tutorial through the wizard');
  // What the wizard made is what the statements make.
  const connections = await world.server.sql('SHOW CONNECTIONS');
  const made = connections.find((row) => row[2]?.includes(role));
  expect(made?.[2]).toContain(`external_id=${externalId}`);
  const stages = await world.server.sql('SELECT name, url FROM system.stages');
  const stage = stages.find((row) => row[1] === `s3://${bucket}/`);
  const rows = await world.server.sql(`SELECT * FROM @${stage![0]}/test.parquet LIMIT 10`);
  expect((await cells(page)).length).toBe(rows.length);
  expect((await cells(page))[0]!.slice(0, 4)).toEqual(rows[0]!.slice(0, 4));
  // The wizard's text is a worksheet like others.
  const text = await editor(page).innerText();
  for (const statement of ['CREATE OR REPLACE CONNECTION', 'CREATE STAGE', 'SELECT *']) expect(text).toContain(statement);
});

test('the whole tutorial by the keyboard alone', async () => {
  const bucket = await world.customer.bucket({ 'test.parquet': TUTORIAL_FILE });
  const visitor = await world.visitor();
  const { page } = visitor;
  await page.goto('/');
  const focused = () => page.evaluate(() => (document.activeElement as HTMLElement)?.innerText || (document.activeElement as HTMLElement)?.getAttribute('aria-label') || document.activeElement?.tagName || '');
  /** Tab until something with that text has the focus. */
  const tabTo = async (text: RegExp) => {
    for (let presses = 0; presses < 60; presses += 1) {
      if (text.test((await focused()).trim())) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`no ${text} within 60 presses of Tab; the focus is on ${await focused()}`);
  };
  await page.getByLabel('User').waitFor();
  await page.keyboard.type('root');
  await page.keyboard.press('Tab');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: /Good to see you/ }).waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await page.getByLabel('Bucket or folder').waitFor();
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('INPUT');
  await page.keyboard.type(`s3://${bucket}/`);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Copy the external id' }).waitFor();
  const externalId = (await page.locator('dl.facts div', { hasText: 'External id' }).locator('code').textContent())!;
  const role = await world.customer.role({ bucket, externalId });
  await tabTo(/^I have the role$/);
  await page.keyboard.press('Enter');
  await page.getByLabel('ARN of the role').waitFor();
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('INPUT');
  await page.keyboard.type(role);
  await page.keyboard.press('Enter');
  await ladderEnds(page);
  await expect.poll(() => page.getByRole('button', { name: 'Next: create' }).isEnabled()).toBe(true);
  await tabTo(/^Next: create$/);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Create and open worksheet' }).waitFor();
  await tabTo(/^Create and open worksheet$/);
  await page.keyboard.press('Enter');
  await page.getByRole('grid').waitFor();
  await expect.poll(async () => (await cells(page)).length).toBeGreaterThan(0);
});

test('a draft goes on where it was, at each step, also elsewhere', async () => {
  const it = await beginCase(world);
  const { page, visitor } = it;
  await page.reload();
  await page.getByRole('heading', { name: 'Make a role at AWS' }).waitFor();
  const role = await world.customer.role({ bucket: it.bucket, externalId: it.externalId });
  await verify(it, role);
  await page.reload();
  await ladderEnds(page);
  const other = await world.insider();
  await other.page.goto('/connect');
  await other.page.getByRole('link', { name: it.bucket }).click();
  await other.page.getByRole('navigation', { name: 'Steps' }).waitFor();
  await expect.poll(() => other.page.locator('[aria-current=step]').textContent()).toMatch(/Verify|Create/);
  expect((await ask(visitor, 'GET', `/ui/api/drafts/${it.draft}`)).body.state.roleArn).toBe(role);
});

test('the page for the AWS administrator opens without a login and shows the texts alone', async () => {
  const it = await beginCase(world);
  await it.page.getByRole('button', { name: 'Make a link' }).click();
  const field = it.page.getByLabel('Link for the AWS administrator');
  await field.waitFor();
  const link = await field.inputValue();
  const administrator = await world.visitor();
  await administrator.page.goto(link);
  await administrator.page.getByText(it.externalId).first().waitFor();
  for (const form of ['AWS CLI', 'CloudFormation', 'Terraform']) {
    await administrator.page.getByRole('tab', { name: form }).click();
    await administrator.page.getByText(it.externalId).first().waitFor();
  }
  expect((await ask(administrator, 'GET', '/ui/api/drafts')).status).toBe(401);
  expect(await administrator.context.cookies()).toEqual([]);
  await it.page.getByRole('button', { name: 'Take it back' }).click();
  await it.page.getByRole('button', { name: 'Make a link' }).waitFor();
  administrator.expected.push(/404/);
  await administrator.page.reload();
  await administrator.page.getByRole('heading', { name: 'This page has ended' }).waitFor();
});

test('an ARN with blanks and a line end is trimmed, one that is none is refused before any call', async () => {
  const it = await beginCase(world);
  const { page } = it;
  await page.getByRole('button', { name: 'I have the role' }).click();
  for (const [wrong, words] of [
    ['arn:aws:iam::98765432198:role/x', /12 digits|account/i],
    ['arn:aws:iam::987654321987:user/x', /role/i],
    ['my-role-with-a-long-name', /ARN/i],
  ] as const) {
    await page.getByLabel('ARN of the role').fill(wrong);
    await page.getByRole('button', { name: 'Verify', exact: true }).click();
    await page.getByRole('alert').filter({ hasText: words }).waitFor();
  }
  const role = await world.customer.role({ bucket: it.bucket, externalId: it.externalId });
  await verify(it, `  ${role} \n`);
  await expectGreen(page);
});

test('addresses of buckets are read in every form, and nonsense is named', async () => {
  const visitor = await world.insider();
  const { page } = visitor;
  await page.goto('/connect');
  const field = page.getByLabel('Bucket or folder');
  for (const text of ['s3://acme-lake/raw/', 'arn:aws:s3:::acme-lake/raw/', 'https://acme-lake.s3.eu-west-1.amazonaws.com/raw/']) {
    await field.fill(text);
    await page.getByText('Bucket acme-lake, folder raw/').waitFor();
  }
  await field.fill('s3://Acme_Lake');
  await page.getByRole('button', { name: 'Next: give access' }).click();
  await page.getByRole('alert').waitFor();
});

test('all five forms name the same principal and external id', async () => {
  const it = await beginCase(world);
  const { page } = it;
  for (const form of ['AWS CLI', 'CloudFormation', 'Terraform', 'Console', 'JSON']) {
    await page.getByRole('tab', { name: form }).click();
    const panel = page.getByRole('tabpanel');
    await panel.getByText(it.externalId).first().waitFor();
    const text = await panel.innerText();
    expect(text, form).toContain('arn:aws:iam::123456789012:role/stagedoor/tn3default/stagedoor-tn3default');
    expect(text, form).toContain(it.bucket);
    expect(text, form).not.toContain('s3:PutObject');
  }
});

test('refused addresses of the inner network never get that far', async () => {
  const refused = await world.server
    .sql("CREATE CONNECTION inner STORAGE_TYPE = 's3' ENDPOINT_URL = 'http://169.254.169.254' ACCESS_KEY_ID = 'a' SECRET_ACCESS_KEY = 'b'")
    .catch((error: Error) => error.message);
  expect(String(refused)).toContain('169.254.169.254');
  expect(Object.keys(await statusesOfNothing())).toEqual([]);
});

async function statusesOfNothing(): Promise<Record<string, string>> {
  const visitor = await world.insider();
  await visitor.page.goto('/connect');
  await visitor.page.getByLabel('Bucket or folder').waitFor();
  return statuses(visitor.page);
}

test('the text for the AWS CLI, run in a shell, makes a role that verifies at once', async () => {
  const it = await beginCase(world);
  await it.page.getByRole('tab', { name: 'AWS CLI' }).click();
  const texts = it.page.getByRole('tabpanel').locator('pre');
  await texts.first().waitFor();
  const text = (await texts.allInnerTexts()).join('\n');
  expect(text).toContain('aws iam create-role');
  const said = runInShell(world.cloud, text);
  const arn = said.match(/arn:aws:iam::\d{12}:role\/[\w+=,.@/-]+/);
  expect(arn, said).not.toBeNull();
  await verify(it, arn![0]);
  await expectGreen(it.page);
  expect(Object.values(await statuses(it.page))).not.toContain('warning');
  await resultOf(it.page);
});

test('the three statements typed in a worksheet and sent by BendSQL give the same rows', async () => {
  const bucket = await world.customer.bucket({ 'test.parquet': TUTORIAL_FILE });
  const role = await world.customer.role({ bucket });
  const statements = (name: string) => [
    `CREATE CONNECTION ${name} STORAGE_TYPE = 's3' ROLE_ARN = '${role}';`,
    `CREATE STAGE ${name} URL = 's3://${bucket}' CONNECTION = (CONNECTION_NAME = '${name}');`,
    `SELECT id, name FROM @${name}/test.parquet LIMIT 1;`,
  ];
  const visitor = await world.insider();
  await openWorksheet(visitor, statements('typed').join('\n'));
  await visitor.page.getByRole('button', { name: 'Run all' }).click();
  await resultState(visitor.page, 'Done');
  await expect.poll(async () => (await cells(visitor.page))[0]).toEqual(['1', 'Ada Lovelace']);
  const dsn = `databend://root:${encodeURIComponent(PASSWORD)}@${world.server.address}/default?sslmode=disable`;
  const [connection, stage, select] = statements('sent') as [string, string, string];
  bendsql(dsn, connection);
  bendsql(dsn, stage);
  expect(bendsql(dsn, select)).toMatch(/1[\s│|]+'?Ada Lovelace/);
});

test('write access is asked for, given and proved', async () => {
  const it = await beginCase(world, { write: true });
  const { page } = it;
  await page.getByRole('tab', { name: 'JSON' }).click();
  await page.getByRole('tabpanel').getByText('s3:PutObject').first().waitFor();
  const role = await world.customer.role({
    bucket: it.bucket,
    externalId: it.externalId,
    statements: [
      { Effect: 'Allow', Action: 's3:ListBucket', Resource: `arn:aws:s3:::${it.bucket}` },
      {
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
        Resource: `arn:aws:s3:::${it.bucket}/*`,
      },
    ],
  });
  await verify(it, role);
  await expectGreen(page);
  expect(await page.locator('ol.ladder').innerText()).toMatch(/write/i);
  // The probe cleans up after itself.
  expect(await world.cloud.s3('GET', `${it.bucket}?list-type=2`)).toContain('<KeyCount>1</KeyCount>');
  await resultOf(page);
});

async function resultOf(page: import('playwright-core').Page): Promise<void> {
  await page.getByRole('button', { name: 'Next: create' }).click();
  await page.getByRole('button', { name: 'Create and open worksheet' }).click();
  await page.getByRole('grid').waitFor();
  await resultState(page, 'Done');
}

test('a pasted trust policy is compared with the one that is wanted', async () => {
  const it = await beginCase(world);
  const name = world.customer.newName('role');
  await world.customer.role({ name, bucket: it.bucket, externalId: 'another-id' });
  await verify(it, roleArn(name));
  await expectFailure(it.page, 'assume role', /external ?id/i);
  await it.page.getByText('Paste what AWS has, and see what differs').click();
  await it.page.getByLabel(/The JSON that this prints/).fill(trust('AROAEXAMPLEEXAMPLE123', 'another-id'));
  await it.page.getByRole('button', { name: 'Compare' }).click();
  const text = it.page.locator('details[open]');
  await text.getByText(/AROA/).first().waitFor();
  await expect.poll(() => text.innerText()).toMatch(/another-id/);
  await expect.poll(() => text.innerText()).toMatch(/unique id|recreated|deleted/i);
});

test('what else a pasted trust policy asks for is named', async () => {
  const it = await beginCase(world);
  const name = world.customer.newName('role');
  await world.customer.role({ name, bucket: it.bucket, externalId: 'another-id' });
  await verify(it, roleArn(name));
  await expectFailure(it.page, 'assume role', /external ?id/i);
  await it.page.getByText('Paste what AWS has, and see what differs').click();
  const paste = async (condition: object, named: RegExp) => {
    const document = JSON.parse(trust(PRINCIPAL, it.externalId));
    Object.assign(document.Statement[0].Condition, condition);
    await it.page.getByLabel(/The JSON that this prints/).fill(JSON.stringify(document));
    await it.page.getByRole('button', { name: 'Compare' }).click();
    await expect.poll(() => it.page.locator('details[open]').innerText()).toMatch(named);
  };
  await paste({ Bool: { 'aws:MultiFactorAuthPresent': 'true' } }, /MFA|MultiFactorAuthPresent/);
  await paste({ StringEquals: undefined, StringLike: { 'sts:ExternalId': '*' } }, /StringLike|any external id/i);
});

test('a role that is known late is waited for, with a countdown', async () => {
  const it = await beginCase(world);
  const name = world.customer.newName('late');
  await verify(it, roleArn(name));
  await it.page.getByText(/Trying again in \d+ s/).waitFor();
  await world.customer.role({ name, bucket: it.bucket, externalId: it.externalId });
  await expect
    .poll(() => it.page.getByRole('button', { name: 'Next: create' }).isEnabled(), { timeout: 60_000 })
    .toBe(true);
});
