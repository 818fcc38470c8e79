import { expect, test } from 'vitest';
import { PASSWORD } from './support/server.ts';
import { ask, editor, logIn, openWorksheet, resultState, useWorld } from './support/world.ts';

const world = useWorld();

test('a person signs in with a password and out again', async () => {
  const visitor = await world.visitor();
  const { page } = visitor;
  await page.goto('/');
  await page.getByLabel('User').fill('root');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Good to see you, root' }).waitFor();
  const [cookie] = await visitor.context.cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/' });
  expect(await page.evaluate(() => document.cookie)).toBe('');
  await page.getByRole('button', { name: /root, organization default/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  expect((await ask(visitor, 'GET', '/ui/api/worksheets')).status).toBe(401);
});

test('a wrong password is said so, and nothing is remembered', async () => {
  const visitor = await world.visitor();
  visitor.expected.push(/401/);
  const { page } = visitor;
  await page.goto('/');
  await page.getByLabel('User').fill('root');
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').filter({ hasText: 'password is wrong' }).waitFor();
  expect(await visitor.context.cookies()).toEqual([]);
});

test('the policy is strict and no page breaks it', async () => {
  const visitor = await world.visitor();
  const answer = await visitor.page.goto('/');
  const policy = answer!.headers()['content-security-policy']!;
  const nonce = policy.match(/'nonce-([^']+)'/)![1]!;
  expect(policy.replace(nonce, 'N')).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-N'; img-src 'self' data:; font-src 'self'; " +
      "connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; " +
      "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html",
  );
  expect(answer!.headers()['cache-control']).toBe('no-store');
  // What the policy is for: text that becomes a script does not.
  visitor.expected.push(/Content Security Policy/, /TrustedHTML/, /trusted-types/);
  const refused = await visitor.page.evaluate(() => {
    try {
      document.body.innerHTML = '<img src=x onerror=alert(1)>';
      return 'taken';
    } catch (error) {
      return String(error);
    }
  });
  expect(refused).toContain('TrustedHTML');
});

test('files of the app are cached for ever, pages never, old names are 404', async () => {
  const visitor = await world.visitor();
  const html = await (await visitor.context.request.get('/', { headers: { accept: 'text/html' } })).text();
  const script = html.match(/\/assets\/[^"]+\.js/)![0];
  const get = (headers: Record<string, string>, path = script) => fetch(world.server.url + path, { headers });
  const brotli = await get({ 'accept-encoding': 'br' });
  expect(brotli.headers.get('content-encoding')).toBe('br');
  expect(brotli.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  const gzip = await get({ 'accept-encoding': 'gzip' });
  expect(gzip.headers.get('content-encoding')).toBe('gzip');
  const plain = await get({ 'accept-encoding': 'identity' });
  expect(plain.headers.get('content-encoding')).toBeNull();
  expect(await gzip.text()).toBe(await plain.text());
  expect(await brotli.text()).toContain('import');
  const known = await get({ 'if-none-match': plain.headers.get('etag')! });
  expect(known.status).toBe(304);
  const old = await get({ accept: 'text/html' }, '/assets/index-00000000.js');
  expect(old.status).toBe(404);
  expect(old.headers.get('content-type')).toBe('application/json');
});

test('a deep link opens after a reload', async () => {
  const visitor = await world.insider();
  await visitor.page.goto('/w');
  await visitor.page.getByRole('heading', { name: 'Worksheets', level: 1 }).waitFor();
  await visitor.page.reload();
  await visitor.page.getByRole('heading', { name: 'Worksheets', level: 1 }).waitFor();
});

test('a login that ends while somebody types loses nothing', async () => {
  const visitor = await world.insider();
  visitor.expected.push(/401/);
  const { page } = visitor;
  const id = await openWorksheet(visitor, 'SELECT 1');
  await ask(visitor, 'DELETE', '/ui/api/session');
  await editor(page).click();
  await page.keyboard.press('Control+End');
  await page.keyboard.insertText(' + 41');
  await page.getByRole('dialog').getByLabel('Password').fill(PASSWORD);
  await page.getByRole('dialog').getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect(await editor(page).textContent()).toBe('SELECT 1 + 41');
  await expect.poll(async () => (await ask(visitor, 'GET', `/ui/api/worksheets/${id}`)).body.text).toBe('SELECT 1 + 41');
  await page.keyboard.press('Control+Enter');
  await resultState(page, 'Done');
});

test('logging out in one tab ends the other', async () => {
  const visitor = await world.insider();
  visitor.expected.push(/401/);
  await openWorksheet(visitor, 'SELECT 1');
  const other = await visitor.tab();
  await other.goto('/');
  await other.getByRole('button', { name: /root, organization default/ }).click();
  await other.getByRole('menuitem', { name: 'Sign out' }).click();
  await other.getByRole('button', { name: 'Sign in' }).waitFor();
  await visitor.page.keyboard.press('Control+Enter');
  await visitor.page.getByRole('dialog').getByLabel('Password').waitFor();
});

test('a page of an earlier build asks to be loaded again', async () => {
  const visitor = await world.insider();
  const { page } = visitor;
  await page.goto('/w');
  await page.getByRole('heading', { name: 'Worksheets', level: 1 }).waitFor();
  await page.route('**/ui/api/**', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), 'x-ui-build': 'another' } });
  });
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Home', exact: true }).click();
  await page.getByText(/new version|newer version|reload/i).first().waitFor();
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});

test('two users of one browser profile do not meet', async () => {
  await world.server.sql("CREATE USER bob IDENTIFIED BY 'his password'");
  const visitor = await world.insider();
  await openWorksheet(visitor, 'SELECT 12345', 'secret of root');
  await ask(visitor, 'DELETE', '/ui/api/session');
  await logIn(visitor, 'bob', 'his password');
  await visitor.page.goto('/w');
  await visitor.page.getByRole('heading', { name: 'Worksheets', level: 1 }).waitFor();
  expect(await visitor.page.getByText('secret of root').count()).toBe(0);
});
