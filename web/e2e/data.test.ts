import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { statuses } from './support/wizard.ts';
import { ask, cells, editor, makeStage, resultState, TUTORIAL_FILE, useWorld } from './support/world.ts';
import { expectWithin } from './support/time.ts';

const world = useWorld();

test('folders are walked, with keys of every kind', async () => {
  await makeStage(world, 'walk', {
    'raw/2026/a b.csv': 'a\n1\n',
    'raw/2026/plus+sign.csv': 'a\n1\n',
    'raw/2026/ü%2F.csv': 'a\n1\n',
    'raw/<i>bold.txt': 'x',
    'top.txt': 'x',
  });
  const visitor = await world.insider();
  const { page } = visitor;
  await page.goto('/data');
  await page.getByRole('link', { name: '@walk' }).first().click();
  await page.getByRole('link', { name: 'raw/' }).click();
  await page.getByRole('link', { name: '<i>bold.txt' }).waitFor();
  await page.getByRole('link', { name: '2026/' }).click();
  for (const name of ['a b.csv', 'plus+sign.csv', 'ü%2F.csv']) await page.getByRole('link', { name }).waitFor();
  await page.reload();
  await page.getByRole('link', { name: 'plus+sign.csv' }).waitFor();
  await page.getByRole('navigation', { name: 'Folder' }).getByRole('link', { name: '@walk' }).click();
  await page.getByRole('link', { name: 'top.txt' }).waitFor();
});

test('a folder of 50,000 files opens at once and is jumped through', async () => {
  const bucket = await world.customer.bucket();
  const keys = Array.from({ length: 50_000 }, (_, n) => `many/${String(n).padStart(5, '0')}.csv`);
  for (let at = 0; at < keys.length; at += 200) {
    await Promise.all(keys.slice(at, at + 200).map((key) => world.customer.put(bucket, key, 'a\n')));
  }
  const role = await world.customer.role({ bucket });
  await world.server.sql(`CREATE CONNECTION huge STORAGE_TYPE = 's3' ROLE_ARN = '${role}'`);
  await world.server.sql(`CREATE STAGE huge URL = 's3://${bucket}/' CONNECTION = (CONNECTION_NAME = 'huge')`);
  const visitor = await world.insider();
  const { page } = visitor;
  const began = Date.now();
  await page.goto('/data/stages/huge?prefix=many%2F');
  await page.getByRole('link', { name: '00000.csv' }).waitFor();
  expectWithin(Date.now() - began, 1_000, 'the first page of a folder of 50,000 files');
  await page.getByRole('searchbox', { name: 'Names that begin with' }).fill('4999');
  await page.getByRole('link', { name: '49999.csv' }).waitFor();
  await expect.poll(() => page.getByRole('link', { name: /^\d{5}\.csv$/ }).count()).toBe(10);
}, 600_000);

test('a long folder comes as one scrolls, and is jumped into by name', async () => {
  const files: Record<string, string> = {};
  for (let n = 0; n < 450; n += 1) files[`many/${String(n).padStart(4, '0')}.csv`] = 'a\n';
  const bucket = await world.customer.bucket();
  // Side by side: one after the other would take most of the test's time.
  const keys = Object.keys(files);
  for (let at = 0; at < keys.length; at += 50) {
    await Promise.all(keys.slice(at, at + 50).map((key) => world.customer.put(bucket, key, files[key]!)));
  }
  const role = await world.customer.role({ bucket });
  await world.server.sql(`CREATE CONNECTION many STORAGE_TYPE = 's3' ROLE_ARN = '${role}'`);
  await world.server.sql(`CREATE STAGE many URL = 's3://${bucket}/' CONNECTION = (CONNECTION_NAME = 'many')`);
  const visitor = await world.insider();
  const { page } = visitor;
  const requests: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/objects')) requests.push(request.url());
  });
  const began = Date.now();
  await page.goto('/data/stages/many?prefix=many%2F');
  await page.getByRole('link', { name: '0000.csv' }).waitFor();
  expectWithin(Date.now() - began, 1_000, 'the first page of a folder');
  for (let scrolls = 0; scrolls < 20; scrolls += 1) {
    await page.locator('main').evaluate((main) => main.scrollTo(0, main.scrollHeight));
    if (await page.getByRole('link', { name: '0449.csv' }).count()) break;
    await page.waitForTimeout(200);
  }
  await page.getByRole('link', { name: '0449.csv' }).waitFor();
  expect(requests.length).toBeGreaterThan(1);
  await page.getByRole('searchbox', { name: 'Names that begin with' }).fill('044');
  await expect.poll(() => page.getByRole('link', { name: /^\d{4}\.csv$/ }).count()).toBe(10);
});

test('a Parquet file shows its rows, its footer and what to do with it', async () => {
  await makeStage(world, 'look', { 'raw/t.parquet': TUTORIAL_FILE });
  const visitor = await world.insider();
  const { page } = visitor;
  await page.goto('/data/stages/look?prefix=raw%2F');
  await page.getByRole('link', { name: 't.parquet' }).click();
  const detail = page.getByRole('region', { name: 'File raw/t.parquet' });
  await detail.getByRole('grid').waitFor();
  const rows = await world.server.sql('SELECT * FROM @look/raw/t.parquet LIMIT 100');
  await expect.poll(async () => (await cells(page))[0]?.slice(0, 4)).toEqual(rows[0]!.slice(0, 4));
  await detail.getByRole('tab', { name: /footer|parquet/i }).click();
  const footer = (await ask(visitor, 'GET', '/ui/api/stages/look/parquet?path=raw/t.parquet')).body;
  const facts = detail.locator('dl.facts');
  await facts.waitFor();
  expect(await facts.innerText()).toContain(String(footer.rows));
  await detail.getByText(footer.row_groups[0].columns[0].codec).first().waitFor();
  await detail.getByRole('tab', { name: /use/i }).click();
  await detail.getByRole('button', { name: 'Open in a worksheet' }).first().click();
  await editor(page).waitFor();
  expect(await editor(page).innerText()).toContain('@look/raw/t.parquet');
});

test('files of text are shown as tables too, packed or not', async () => {
  await makeStage(world, 'texts', {
    'a.csv': 'city,people\nOslo,717710\n',
    'b.ndjson': '{"city":"Bergen","people":291940}\n',
    'c.ndjson.gz': gzipSync('{"city":"Voss","people":16001}\n'),
  });
  const visitor = await world.insider();
  const { page } = visitor;
  for (const [file, city] of [['a.csv', 'Oslo'], ['b.ndjson', 'Bergen'], ['c.ndjson.gz', 'Voss']]) {
    await page.goto('/data/stages/texts');
    await page.getByRole('link', { name: file }).click();
    await expect.poll(async () => JSON.stringify(await cells(page)), { message: file }).toContain(city);
  }
});

test('a broken file says what is wrong with it', async () => {
  await makeStage(world, 'broken', { 'x.parquet': 'this is no Parquet file at all' });
  const visitor = await world.insider();
  visitor.expected.push(/400/);
  const { page } = visitor;
  await page.goto('/data/stages/broken');
  await page.getByRole('link', { name: 'x.parquet' }).click();
  await page.getByText(/not a readable Parquet file/).first().waitFor();
});

test('a file is queried from where one found it', async () => {
  await makeStage(world, 'query_it', { 't.parquet': TUTORIAL_FILE });
  const visitor = await world.insider();
  const { page } = visitor;
  await page.goto('/data/stages/query_it');
  await page.getByRole('link', { name: 't.parquet' }).click();
  await page.getByRole('button', { name: 'Query it' }).click();
  await resultState(page, 'Done');
  expect((await cells(page)).length).toBeGreaterThan(0);
});

test('files are uploaded by choice, and are there at once', async () => {
  await makeStage(world, 'inbox', {});
  const visitor = await world.insider();
  const { page } = visitor;
  await page.goto('/data/stages/inbox');
  await page.getByText('No files under this prefix').waitFor();
  const content = Buffer.alloc(3_000_000, 'x');
  await page.locator('input[type=file]').setInputFiles([
    { name: 'large.bin', mimeType: 'application/octet-stream', buffer: content },
    { name: 'small.csv', mimeType: 'text/csv', buffer: Buffer.from('a\n1\n') },
  ]);
  const uploads = page.getByRole('region', { name: 'Uploads' });
  await expect.poll(() => uploads.innerText()).toMatch(/uploaded[\s\S]*uploaded/);
  await page.getByRole('link', { name: 'large.bin' }).waitFor();
  expect(await world.cloud.s3('GET', `${await bucketOf('inbox')}?list-type=2`)).toContain('<Size>3000000</Size>');
});

test('a large upload is seen to move, and is cancelled without a trace', async () => {
  await makeStage(world, 'slow_inbox', {});
  const visitor = await world.insider();
  const { page } = visitor;
  await page.goto('/data/stages/slow_inbox');
  await page.getByText('No files under this prefix').waitFor();
  // As a home's line: 20 MB would take a minute, so that there is time to look.
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.enable');
  await devtools.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 300_000 });
  const file = { name: 'large.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(20_000_000, 'x') };
  await page.locator('input[type=file]').setInputFiles([file]);
  const bar = page.getByRole('progressbar', { name: 'Sent of large.bin' });
  const sent = () => bar.evaluate((element) => (element as HTMLProgressElement).value);
  await expect.poll(sent).toBeGreaterThan(0);
  expect(await sent()).toBeLessThan(20_000_000);
  await page.getByRole('button', { name: 'Cancel large.bin' }).click();
  await page.getByRole('region', { name: 'Uploads' }).getByText('cancelled').waitFor();
  const bucket = await bucketOf('slow_inbox');
  await expect.poll(() => world.cloud.s3('GET', `${bucket}?uploads`)).not.toContain('<Upload>');
  expect(await world.cloud.s3('GET', `${bucket}?list-type=2`)).toContain('<KeyCount>0</KeyCount>');
});

test('a file of the same name is replaced only when one says so', async () => {
  await makeStage(world, 'clash', { 'a.csv': 'old' });
  const bucket = await bucketOf('clash');
  const visitor = await world.insider();
  const { page } = visitor;
  await page.goto('/data/stages/clash');
  await page.getByRole('link', { name: 'a.csv' }).waitFor();
  const file = { name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from('new') };
  const uploads = page.getByRole('region', { name: 'Uploads' });
  await page.locator('input[type=file]').setInputFiles([file]);
  await uploads.getByText('there is a file of this name').waitFor();
  await page.getByRole('button', { name: 'Cancel a.csv' }).click();
  await uploads.getByText('cancelled').waitFor();
  expect(await world.cloud.s3('GET', `${bucket}/a.csv`)).toBe('old');
  await page.locator('input[type=file]').setInputFiles([file]);
  await page.getByRole('button', { name: 'Replace it' }).click();
  await uploads.getByText(/^uploaded/).waitFor();
  expect(await world.cloud.s3('GET', `${bucket}/a.csv`)).toBe('new');
});

async function bucketOf(stage: string): Promise<string> {
  const [[url]] = (await world.server.sql(`SELECT url FROM system.stages WHERE name = '${stage}'`)) as [[string]];
  return url.replace('s3://', '').replace(/\/$/, '');
}

test('a stage whose role was taken away says who refused and where to look', async () => {
  const bucket = await world.customer.bucket({ 'a.csv': 'x' });
  const name = world.customer.newName('role');
  const role = await world.customer.role({ name, bucket });
  await world.server.sql(`CREATE CONNECTION taken STORAGE_TYPE = 's3' ROLE_ARN = '${role}'`);
  await world.server.sql(`CREATE STAGE taken URL = 's3://${bucket}/' CONNECTION = (CONNECTION_NAME = 'taken')`);
  await world.customer.policy(name, [{ Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` }]);
  const visitor = await world.insider();
  visitor.expected.push(/403/);
  const { page } = visitor;
  await page.goto('/data/stages/taken');
  await page.getByText(/s3:ListBucket/).first().waitFor();
  await page.getByRole('link', { name: 'Check the connection' }).click();
  await page.getByRole('heading', { name: 'taken', level: 1 }).waitFor();
});

test('a connection is verified from its page, and remembered as good', async () => {
  // With the generated external id: a typed one would be a warning.
  const bucket = await world.customer.bucket({ 'a.parquet': TUTORIAL_FILE });
  const name = world.customer.newName('role');
  const role = await world.customer.role({ name, bucket });
  await world.server.sql(`CREATE CONNECTION healthy STORAGE_TYPE = 's3' ROLE_ARN = '${role}'`);
  await world.server.sql(`CREATE STAGE healthy URL = 's3://${bucket}/' CONNECTION = (CONNECTION_NAME = 'healthy')`);
  const connections = await world.server.sql('SHOW CONNECTIONS');
  const externalId = connections.find((row) => row[0] === 'healthy')![2]!.match(/external_id=(\S+)/)![1]!;
  await world.customer.trust(name, externalId);
  const visitor = await world.insider();
  const { page } = visitor;
  await page.goto('/connections');
  await page.getByRole('row', { name: /healthy/ }).getByRole('link', { name: 'healthy', exact: true }).click();
  await page.getByRole('button', { name: 'Verify', exact: true }).first().click();
  await page.locator('ol.ladder[aria-busy=false] li').first().waitFor({ timeout: 60_000 });
  const seen = Object.values(await statuses(page));
  expect(seen).not.toContain('failed');
  expect(seen).toContain('good');
  // Another browser of the organization sees it too.
  const other = await world.insider();
  await other.page.goto('/connections');
  const badge = other.page.getByRole('row', { name: /healthy/ }).locator('.badge');
  expect(await badge.textContent()).toBe(seen.includes('warning') ? 'warning' : 'good');
  await world.server.sql(`ALTER CONNECTION healthy SET ROLE_ARN = '${role}' REGION = 'us-east-1'`);
  await other.page.reload();
  await other.page.getByRole('row', { name: /healthy/ }).getByText('changed since').waitFor();
});

test('a role is exchanged after a dry run has tried it', async () => {
  const bucket = await makeStage(world, 'exchange', { 'a.parquet': TUTORIAL_FILE });
  const good = await world.customer.role({ bucket, externalId: 'id-exchange' });
  const bad = await world.customer.role({ externalId: 'id-exchange', statements: null });
  const visitor = await world.insider();
  const { page } = visitor;
  await page.goto('/connections/exchange');
  await page.getByRole('tab', { name: 'Change' }).click();
  await page.getByLabel('Role ARN').fill(bad);
  await page.getByRole('button', { name: 'Dry run' }).click();
  await page.getByRole('list', { name: 'Dry run' }).getByText('failed').waitFor({ timeout: 90_000 });
  await page.getByLabel('Role ARN').fill(good);
  await page.getByRole('button', { name: 'Dry run' }).click();
  await page.getByRole('list', { name: 'Dry run' }).getByText('good').waitFor({ timeout: 90_000 });
  await page.getByRole('button', { name: 'Change', exact: true }).click();
  await expect.poll(async () => JSON.stringify(await world.server.sql('SHOW CONNECTIONS'))).toContain(good);
});
