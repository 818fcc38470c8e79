import { expect, test } from 'vitest';
import { ask, makeStage, TUTORIAL_FILE, useWorld } from './support/world.ts';

const world = useWorld();

test('a folder comes page by page, one request each', async () => {
  const files: Record<string, string> = { 'raw/a b+c.csv': 'x', 'raw/ü%2F.csv': 'y', 'top.csv': 'z' };
  for (let n = 0; n < 45; n += 1) files[`raw/many/${String(n).padStart(3, '0')}.csv`] = 'x';
  await makeStage(world, 'pages', files);
  const visitor = await world.insider();
  const root = await ask(visitor, 'GET', '/ui/api/stages/pages/objects');
  expect(root.status).toBe(200);
  expect(root.body.folders).toEqual([{ name: 'raw', path: 'raw/' }]);
  expect(root.body.files.map((file: { path: string }) => file.path)).toEqual(['top.csv']);
  const raw = await ask(visitor, 'GET', '/ui/api/stages/pages/objects?prefix=raw/');
  expect(raw.body.folders).toEqual([{ name: 'many', path: 'raw/many/' }]);
  expect(raw.body.files.map((file: { name: string }) => file.name)).toEqual(['a b+c.csv', 'ü%2F.csv']);
  const seen: string[] = [];
  let cursor: string | null = '';
  let pages = 0;
  while (cursor !== null) {
    const path: string = `/ui/api/stages/pages/objects?prefix=raw/many/&limit=20&cursor=${encodeURIComponent(cursor)}`;
    const page: { body: { files: { path: string }[]; next_cursor: string | null } } = await ask(visitor, 'GET', path);
    expect(page.body.files.length).toBeLessThanOrEqual(20);
    seen.push(...page.body.files.map((file) => file.path));
    cursor = page.body.next_cursor;
    pages += 1;
  }
  expect(pages).toBe(3);
  expect(seen.length).toBe(45);
  expect(new Set(seen).size).toBe(45);
  const jump = await ask(visitor, 'GET', '/ui/api/stages/pages/objects?prefix=raw/many/04');
  expect(jump.body.files.length).toBe(5);
});

test('folders and files without a name are there too', async () => {
  await makeStage(world, 'nameless', { 'a//b.csv': 'x', 'a/': '', 'a/c.csv': 'y', '/lead.csv': 'z', '/x//y.csv': 'v' });
  const visitor = await world.insider();
  const page = async (prefix: string) => {
    const answer = await ask(visitor, 'GET', `/ui/api/stages/nameless/objects?prefix=${encodeURIComponent(prefix)}`);
    expect(answer.status).toBe(200);
    return [...answer.body.folders, ...answer.body.files].map((entry: { name: string; path: string }) => [entry.name, entry.path]);
  };
  expect(await page('')).toEqual([['', '/'], ['a', 'a/']]);
  expect(await page('a/')).toEqual([['', 'a//'], ['c.csv', 'a/c.csv']]);
  expect(await page('a//')).toEqual([['b.csv', 'a//b.csv']]);
  expect(await page('/')).toEqual([['x', '/x/'], ['lead.csv', '/lead.csv']]);
  expect(await page('/x//')).toEqual([['y.csv', '/x//y.csv']]);

  await visitor.page.goto('/data/stages/nameless?prefix=a%2F');
  await visitor.page.getByRole('link', { name: '/', exact: true }).first().click();
  await visitor.page.getByText('b.csv').waitFor();
  expect(new URL(visitor.page.url()).searchParams.get('prefix')).toBe('a//');
});

test('a footer is read without reading data', async () => {
  await makeStage(world, 'footers', { 't.parquet': TUTORIAL_FILE, 'broken.parquet': 'PAR1 this is none of it', 'x.csv': 'a\n' });
  const visitor = await world.insider();
  const footer = await ask(visitor, 'GET', '/ui/api/stages/footers/parquet?path=t.parquet');
  expect(footer.status).toBe(200);
  const [[rows]] = (await world.server.sql('SELECT count(*) FROM @footers/t.parquet')) as [[string]];
  expect(footer.body.rows).toBe(Number(rows));
  expect(footer.body.size).toBe(TUTORIAL_FILE.length);
  expect(footer.body.footer_bytes).toBe(TUTORIAL_FILE.readUInt32LE(TUTORIAL_FILE.length - 8) + 8);
  expect(footer.body.row_groups_total).toBe(footer.body.row_groups.length);
  expect(footer.body.row_groups.reduce((sum: number, group: { rows: number }) => sum + group.rows, 0)).toBe(Number(rows));
  const names = footer.body.columns.map((column: { name: string }) => column.name);
  const first = footer.body.row_groups[0].columns[0];
  expect(first.name).toBe(names[0]);
  expect(first.codec).toMatch(/^[A-Z0-9_]+$/);
  const [[least, most]] = (await world.server.sql(`SELECT min("${names[0]}"), max("${names[0]}") FROM @footers/t.parquet`)) as [[string, string]];
  expect([first.min, first.max]).toEqual([least, most]);
  const broken = await ask(visitor, 'GET', '/ui/api/stages/footers/parquet?path=broken.parquet');
  expect(broken.status).toBe(400);
  expect(broken.body.error.message).toContain('broken.parquet');
  const absent = await ask(visitor, 'GET', '/ui/api/stages/footers/parquet?path=absent.parquet');
  expect(absent.status).toBe(404);
});

test('a role that may not list says which right is missing', async () => {
  const bucket = await world.customer.bucket({ 'a.parquet': TUTORIAL_FILE });
  const role = await world.customer.role({
    statements: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` }],
  });
  await world.server.sql(`CREATE CONNECTION nolist STORAGE_TYPE = 's3' ROLE_ARN = '${role}'`);
  await world.server.sql(`CREATE STAGE nolist URL = 's3://${bucket}/' CONNECTION = (CONNECTION_NAME = 'nolist')`);
  const visitor = await world.insider();
  const refused = await ask(visitor, 'GET', '/ui/api/stages/nolist/objects');
  expect(refused.status).toBe(403);
  expect(refused.body.error.message).toContain('s3:ListBucket');
  // A file that is named needs no right to list.
  expect((await ask(visitor, 'GET', '/ui/api/stages/nolist/parquet?path=a.parquet')).status).toBe(200);
});

test('an upload by cookie arrives in the bucket', async () => {
  await makeStage(world, 'uploads', {});
  const visitor = await world.insider();
  const answer = await visitor.context.request.put('/v1/upload_to_stage', {
    headers: { 'x-ui': '1', origin: visitor.url, 'x-databend-stage-name': 'uploads', 'x-databend-relative-path': 'in' },
    multipart: { upload: { name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b\n1,2\n') } },
  });
  expect(answer.status(), await answer.text()).toBe(200);
  const list = await ask(visitor, 'GET', '/ui/api/stages/uploads/objects?prefix=in/');
  expect(list.body.files).toMatchObject([{ path: 'in/a.csv', size: 8 }]);
});

test('names to be completed follow what is made', async () => {
  const visitor = await world.insider();
  const before = await ask(visitor, 'GET', '/ui/api/catalog');
  await makeStage(world, 'fresh', {});
  const after = await ask(visitor, 'GET', '/ui/api/catalog');
  expect(after.headers['etag']).not.toBe(before.headers['etag']);
  const stage = after.body.stages.find((entry: { name: string }) => entry.name === 'fresh');
  expect(stage).toMatchObject({ connection: 'fresh' });
  expect(after.body.connections).toContain('fresh');
});
