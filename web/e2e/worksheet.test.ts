import { expect, test } from 'vitest';
import { ask, cells, editor, makeStage, openWorksheet, resultState, retype, toEnd, TUTORIAL_FILE, useWorld } from './support/world.ts';
import type { Visitor } from './support/browser.ts';
import { expectWithin } from './support/time.ts';

const world = useWorld();

const SLOW = 'SELECT count(*) FROM numbers(10000000) a, numbers(10000000) b WHERE a.number + b.number < 0';

test('the statement at the cursor runs, whatever has semicolons in it', async () => {
  const visitor = await world.insider();
  const { page } = visitor;
  await openWorksheet(visitor, "SELECT 'a;b' AS one;\n-- SELECT 0;\n/* ; */ SELECT 2 AS two;\nSELECT $$x;y$$ AS three");
  await editor(page).click();
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('Control+Enter');
  await resultState(page, 'Done');
  expect(await cells(page)).toEqual([['a;b']]);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Control+Enter');
  await page.getByRole('gridcell', { name: '2', exact: true }).waitFor();
});

test('a selection runs alone', async () => {
  const visitor = await world.insider();
  const { page } = visitor;
  await openWorksheet(visitor, 'SELECT 1 AS a, 2 AS b');
  await editor(page).click();
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('Shift+End');
  for (let n = 0; n < ', 2 AS b'.length; n += 1) await page.keyboard.press('Shift+ArrowLeft');
  await page.keyboard.press('Control+Enter');
  await resultState(page, 'Done');
  expect(await cells(page)).toEqual([['1']]);
});

test('run all makes a result for each, stops at the first error and marks its place', async () => {
  const visitor = await world.insider();
  const { page } = visitor;
  await openWorksheet(visitor, 'SELECT 1;\nSELECT 2;\nSELECT nowhere\n  FROM system.one;\nSELECT 4');
  await editor(page).click();
  await page.keyboard.press('Control+Shift+Enter');
  await resultState(page, 'Failed');
  expect(await page.getByRole('tablist', { name: 'Results of the statements' }).getByRole('tab').count()).toBe(4);
  const marked = page.locator('.cm-lintRange-error');
  await marked.first().waitFor();
  expect(await marked.allTextContents()).toContain('nowhere');
  await page.getByRole('tab', { name: /SELECT 2/ }).click();
  expect(await cells(page)).toEqual([['2']]);
});

test('names of tables and columns are completed, by the keyboard alone', async () => {
  const visitor = await world.insider();
  const { page } = visitor;
  await openWorksheet(visitor, '');
  await editor(page).click();
  await page.keyboard.type('SELECT * FROM system.sett');
  const list = page.locator('.cm-tooltip-autocomplete');
  await list.getByText('settings').first().waitFor();
  await page.keyboard.press('Escape');
  await list.waitFor({ state: 'detached' });
  await page.keyboard.press('Control+Space');
  await list.getByText('settings').first().waitFor();
  await expect.poll(async () => list.locator('[aria-selected=true]').count()).toBe(1);
  await page.waitForTimeout(100);
  await page.keyboard.press('Enter');
  expect(await editor(page).textContent()).toContain('system.settings');
  await page.keyboard.type(' s WHERE s.na');
  await list.getByText('name', { exact: false }).first().waitFor();
});

test('paths of a stage are completed down to the files', async () => {
  await makeStage(world, 'lake', { 'raw/2026/a.parquet': TUTORIAL_FILE, 'raw/readme.txt': 'x' });
  const visitor = await world.insider();
  const { page } = visitor;
  await openWorksheet(visitor, '');
  await editor(page).click();
  await page.keyboard.type('SELECT * FROM @la');
  const list = page.locator('.cm-tooltip-autocomplete');
  await list.getByText('lake').first().waitFor();
  await page.waitForTimeout(100);
  await page.keyboard.press('Enter');
  if (!(await editor(page).textContent())!.endsWith('/')) await page.keyboard.type('/');
  await list.getByText('raw').first().waitFor();
  await page.waitForTimeout(100);
  await page.keyboard.press('Enter');
  await list.getByText('2026').first().waitFor();
  await page.keyboard.type('2026/');
  await list.getByText('a.parquet').first().waitFor();
  await page.waitForTimeout(100);
  await page.keyboard.press('Enter');
  await expect.poll(() => editor(page).textContent()).toBe('SELECT * FROM @lake/raw/2026/a.parquet');
  await page.keyboard.press('Control+Enter');
  await resultState(page, 'Done');
});

/** Opens a worksheet with a query that does not end by itself, and runs it. */
async function startSlowQuery(visitor: Visitor) {
  await openWorksheet(visitor, SLOW);
  await toEnd(visitor.page);
  await visitor.page.keyboard.press('Control+Enter');
  await resultState(visitor.page, 'Running');
}

test('a slow query is cancelled within a second', async () => {
  const visitor = await world.insider();
  const { page } = visitor;
  await startSlowQuery(visitor);
  await page.waitForTimeout(500);
  const began = Date.now();
  await page.getByRole('toolbar', { name: 'Worksheet' }).getByRole('button', { name: 'Cancel' }).click();
  await resultState(page, 'Cancelled');
  expectWithin(Date.now() - began, 1000, 'cancelling');
  // The server is free at once.
  await retype(page, 'SELECT 1');
  await page.keyboard.press('Control+Enter');
  await resultState(page, 'Done');
});

test('two presses of Escape cancel too', async () => {
  const visitor = await world.insider();
  const { page } = visitor;
  await startSlowQuery(visitor);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await resultState(page, 'Cancelled');
});

test('a reload during a running query goes on with it', async () => {
  const visitor = await world.insider();
  const { page } = visitor;
  const id = await openWorksheet(visitor, SLOW);
  await toEnd(page);
  const [request] = await Promise.all([
    page.waitForRequest((sent) => sent.url().endsWith('/v1/query') && sent.method() === 'POST'),
    page.keyboard.press('Control+Enter'),
  ]);
  const query = request.headers()['x-databend-query-id'];
  await resultState(page, 'Running');
  await page.reload();
  await editor(page).waitFor();
  await resultState(page, 'Running');
  expect((await ask(visitor, 'GET', `/v1/query/${query}`)).body.state).not.toBe('Failed');
  expect(page.url()).toContain(id);
  await page.getByRole('toolbar', { name: 'Worksheet' }).getByRole('button', { name: 'Cancel' }).click();
  await resultState(page, 'Cancelled');
  expect((await ask(visitor, 'GET', `/v1/query/${query}`)).body?.state ?? 'Failed').toBe('Failed');
});

test('typing is kept when the tab is closed at once', async () => {
  const visitor = await world.insider();
  const { page } = visitor;
  const id = await openWorksheet(visitor, 'SELECT 1');
  await toEnd(page);
  await page.keyboard.type(' AS kept');
  await page.waitForTimeout(500);
  await page.close({ runBeforeUnload: false });
  const again = await visitor.tab();
  await again.goto(`/w/${id}`);
  await expect.poll(() => editor(again).textContent()).toBe('SELECT 1 AS kept');
});

test('two tabs that change one worksheet are asked', async () => {
  const visitor = await world.insider();
  visitor.expected.push(/409/);
  const { page } = visitor;
  const id = await openWorksheet(visitor, 'SELECT 1');
  const current = await ask(visitor, 'GET', `/ui/api/worksheets/${id}`);
  await ask(visitor, 'PUT', `/ui/api/worksheets/${id}`, { rev: current.body.rev, text: 'SELECT 2 -- elsewhere' });
  await toEnd(page);
  await page.keyboard.type(' -- here');
  const dialog = page.getByRole('dialog', { name: 'This worksheet was changed elsewhere' });
  await dialog.getByText('SELECT 2 -- elsewhere').first().waitFor();
  await dialog.getByRole('button', { name: 'Keep the text here' }).click();
  await dialog.waitFor({ state: 'detached' });
  await expect.poll(async () => (await ask(visitor, 'GET', `/ui/api/worksheets/${id}`)).body.text).toBe('SELECT 1 -- here');
});

test('a server that is away loses nothing', async () => {
  const visitor = await world.insider();
  visitor.expected.push(/ERR_CONNECTION/, /ERR_EMPTY/, /401/, /Failed to load/);
  const { page } = visitor;
  const id = await openWorksheet(visitor, 'SELECT 1');
  await world.server.restart(async () => {
    await toEnd(page);
    await page.keyboard.type(' AS offline');
    await page.getByText('Saved on this device').waitFor();
  });
  const dialog = page.getByRole('dialog').filter({ has: page.getByLabel('Password') });
  // Logins live in the server's memory: after a restart it asks again.
  await dialog.waitFor();
  await dialog.getByLabel('Password').fill('correct horse');
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect
    .poll(async () => (await ask(visitor, 'GET', `/ui/api/worksheets/${id}`)).body.text, { timeout: 60_000 })
    .toBe('SELECT 1 AS offline');
});

test('parameters are asked for and stay data', async () => {
  const visitor = await world.insider();
  const { page } = visitor;
  await openWorksheet(visitor, 'SELECT :d AS d');
  const field = page.getByRole('group', { name: 'Parameters' }).getByRole('textbox', { name: ':d' });
  await field.fill("'; DROP STAGE x; --");
  await toEnd(page);
  await page.keyboard.press('Control+Enter');
  await resultState(page, 'Done');
  expect(await cells(page)).toEqual([["'; DROP STAGE x; --"]]);
  await page.getByLabel('Kind of d').selectOption('number');
  await field.fill('41');
  await editor(page).click();
  await page.keyboard.press('Control+Enter');
  await page.getByRole('gridcell', { name: '41', exact: true }).waitFor();
});

test('formatting twice is formatting once, and keeps comments', async () => {
  const visitor = await world.insider();
  const { page } = visitor;
  await openWorksheet(visitor, 'select a,b from t where x=1 -- why\nand y = 2');
  await editor(page).click();
  await page.keyboard.press('Shift+Alt+F');
  await expect.poll(() => editor(page).innerText()).toContain('SELECT');
  const once = await editor(page).innerText();
  expect(once).toContain('-- why');
  await page.keyboard.press('Shift+Alt+F');
  await page.waitForTimeout(300);
  expect(await editor(page).innerText()).toBe(once);
});

test('versions of a worksheet come back', async () => {
  const visitor = await world.insider();
  const { page } = visitor;
  const id = await openWorksheet(visitor, 'SELECT 1 AS first');
  await retype(page, 'SELECT 2 AS second');
  await page.keyboard.press('Control+s');
  await page.getByText('Saved, and kept as a version').waitFor();
  await page.getByRole('button', { name: 'More of this worksheet' }).click();
  await page.getByRole('menuitem', { name: 'Version history…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('list', { name: 'Versions' }).getByRole('button').first().click();
  await dialog.getByText('SELECT 1 AS first').first().waitFor();
  await dialog.getByRole('button', { name: 'Take this version' }).click();
  await expect.poll(() => editor(page).textContent()).toBe('SELECT 1 AS first');
  await expect.poll(async () => (await ask(visitor, 'GET', `/ui/api/worksheets/${id}`)).body.text).toBe('SELECT 1 AS first');
});

test('worksheets are made, found, moved and deleted', async () => {
  const visitor = await world.insider();
  const { page } = visitor;
  await ask(visitor, 'POST', '/ui/api/worksheets', { name: 'Quarterly sales', folder: 'finance/2026', text: 'SELECT needle' });
  await ask(visitor, 'POST', '/ui/api/worksheets', { name: 'Other', text: 'SELECT hay' });
  await page.goto('/w');
  await page.getByRole('searchbox', { name: 'Find worksheets' }).fill('needle');
  await page.getByRole('link', { name: /Quarterly sales/ }).waitFor();
  await expect.poll(() => page.getByRole('link', { name: /^Other/ }).count()).toBe(0);
  await page.getByRole('link', { name: /Quarterly sales/ }).click();
  await editor(page).waitFor();
  await page.getByRole('button', { name: 'More of this worksheet' }).click();
  await page.getByRole('menuitem', { name: 'Delete…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect
    .poll(async () => (await ask(visitor, 'GET', '/ui/api/worksheets?search=needle')).body.worksheets.length)
    .toBe(0);
});

test('shortcuts are listed and pages are reached by keys', async () => {
  const visitor = await world.insider();
  const { page } = visitor;
  await page.goto('/');
  await page.getByRole('heading', { name: /Good to see you/ }).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog').getByText('Run all statements').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('g');
  await page.keyboard.press('w');
  await page.getByRole('heading', { name: 'Worksheets', level: 1 }).waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').getByRole('combobox').fill('home');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: /Good to see you/ }).waitFor();
});
