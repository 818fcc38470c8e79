import { expect, test } from 'vitest';
import { bendsql } from './support/clients.ts';
import { PASSWORD } from './support/server.ts';
import { ask, logIn, openWorksheet, resultState, settled, toEnd, useWorld } from './support/world.ts';

const world = useWorld();

test('a token is made, works in a client, and is ended', async () => {
  const visitor = await world.insider();
  const { page } = visitor;
  await page.goto('/settings/tokens');
  await page.getByLabel('Name').fill('laptop');
  await page.getByRole('button', { name: 'Make a token' }).click();
  const made = page.getByRole('region', { name: 'The new token' });
  await made.waitFor();
  const token = (await made.innerText()).match(/sdt_[\w-]+/)![0];
  const dsn = `databend://root:${token}@${world.server.address}/default?sslmode=disable`;
  expect(await made.innerText()).toContain(dsn);
  expect(await world.server.sql('SELECT 1', 'root', token)).toEqual([['1']]);
  expect(bendsql(dsn, "SELECT 40 + 2 AS answer, current_user()")).toMatch(/\b42\b/);
  await page.reload();
  await page.getByRole('row', { name: /laptop/ }).waitFor();
  expect(await page.locator('body').innerText()).not.toContain(token);
  await page.getByRole('row', { name: /laptop/ }).getByRole('button', { name: 'End' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End it' }).click();
  await page.getByText('You have no token yet').waitFor();
  await expect(world.server.sql('SELECT 1', 'root', token)).rejects.toThrow();
  expect(() => bendsql(dsn, 'SELECT 1')).toThrow(/token|password|login|authenticat/i);
});

test('the other browsers are listed and one of them is logged out', async () => {
  const here = await world.insider();
  const there = await world.insider();
  await here.page.goto('/settings');
  const logins = (await ask(here, 'GET', '/ui/api/logins')).body.logins as { id: string; is_this: boolean }[];
  const others = logins.filter((login) => !login.is_this);
  expect(others.length).toBeGreaterThan(0);
  for (const login of others) await ask(here, 'DELETE', `/ui/api/logins/${login.id}`);
  expect((await ask(there, 'GET', '/ui/api/worksheets')).status).toBe(401);
  expect((await ask(here, 'GET', '/ui/api/worksheets')).status).toBe(200);
});

test('a new password ends every login and is the one that counts', async () => {
  await world.server.sql("CREATE USER dora IDENTIFIED BY 'first'");
  const dora = await world.visitor();
  await logIn(dora, 'dora', 'first');
  await world.server.sql("ALTER USER dora IDENTIFIED BY 'second'");
  expect((await ask(dora, 'GET', '/ui/api/worksheets')).status).toBe(401);
  await logIn(dora, 'dora', 'second');
  expect((await ask(dora, 'GET', '/ui/api/worksheets')).status).toBe(200);
});

test('the pages of settings open each', async () => {
  const visitor = await world.insider();
  const { page } = visitor;
  await page.goto('/settings');
  const tabs = page.getByRole('tablist', { name: 'Settings' }).getByRole('tab');
  await tabs.first().waitFor();
  const count = await tabs.count();
  expect(count).toBeGreaterThan(3);
  for (let at = 0; at < count; at += 1) {
    await tabs.nth(at).click();
    await page.getByRole('tabpanel').first().waitFor();
    await settled(page);
  }
});

test('history shows what ran, what failed, and filters', async () => {
  const visitor = await world.insider();
  const { page } = visitor;
  await openWorksheet(visitor, "SELECT 'a needle in the history' AS t");
  await toEnd(page);
  await page.keyboard.press('Control+Enter');
  await resultState(page, 'Done');
  await world.server.sql('SELECT no_such_column_anywhere FROM system.one').catch(() => {});
  await page.goto('/history');
  await page.getByRole('searchbox', { name: 'Find in the history' }).fill('a needle in the history');
  const found = page.getByRole('row', { name: /a needle in the history/ });
  await found.first().waitFor();
  await found.first().getByRole('link').click();
  await page.getByRole('heading', { name: 'Query', level: 1 }).waitFor();
  await page.getByText("SELECT 'a needle in the history' AS t").first().waitFor();
  await page.getByRole('tab', { name: 'Profile' }).click();
  await page.getByRole('tabpanel').first().waitFor();
  await page.goto('/history');
  // What the app and the server's own `/ui/api/catalog` asked is known by one mark, and left out.
  await page.getByRole('row', { name: /a needle in the history/ }).first().waitFor();
  expect(await page.getByRole('row', { name: /FROM system\.(databases|settings|query_history)/ }).count()).toBe(0);
  await page.getByLabel('State', { exact: true }).selectOption('failed');
  await page.getByRole('row', { name: /no_such_column_anywhere/ }).first().waitFor();
  await expect.poll(() => page.getByRole('row', { name: /a needle in the history/ }).count()).toBe(0);
});

test('audit names the sessions of roles', async () => {
  const bucket = await world.customer.bucket({ 'a.csv': 'a\n1\n' });
  const role = await world.customer.role({ bucket });
  await world.server.sql(`CREATE CONNECTION audited STORAGE_TYPE = 's3' ROLE_ARN = '${role}'`);
  await world.server.sql(`CREATE STAGE audited URL = 's3://${bucket}/' CONNECTION = (CONNECTION_NAME = 'audited')`);
  await world.server.sql('LIST @audited');
  const visitor = await world.insider();
  await visitor.page.goto('/audit');
  await visitor.page.getByText(role.split('/').at(-1)!).first().waitFor();
});

test('somebody without rights is told so, and by whom', async () => {
  await world.server.sql("CREATE USER eve IDENTIFIED BY 'her password'");
  const eve = await world.visitor();
  await logIn(eve, 'eve', 'her password');
  const { page } = eve;
  await openWorksheet(eve, "CREATE USER mallory IDENTIFIED BY 'x'");
  await toEnd(page);
  await page.keyboard.press('Control+Enter');
  await resultState(page, 'Failed');
  await page.getByText(/eve/).first().waitFor();
  expect(PASSWORD.length).toBeGreaterThan(0);
});
