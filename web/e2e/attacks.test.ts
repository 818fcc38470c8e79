import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, logIn, makeStage, openWorksheet, resultState, settled, toEnd, useWorld } from './support/world.ts';

const world = useWorld();
let evil: HttpServer;
let port: number;

/** A site of somebody else. It is reached as `localhost`, the warehouse as `127.0.0.1`: two sites. */
beforeAll(async () => {
  evil = createServer((_, answer) => {
    answer.setHeader('content-type', 'text/html');
    answer.end('<!doctype html><title>evil</title><body>');
  });
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
  port = (evil.address() as AddressInfo).port;
});
afterAll(() => void evil.close());

/** What a page of another origin gets for its requests; `host` says whether it is of our site. */
async function attack(host: 'localhost' | '127.0.0.1'): Promise<void> {
  const id = `victim-${host.replaceAll('.', '-')}`;
  const visitor = await world.insider();
  visitor.expected.push(/.*/);
  const { page } = visitor;
  const before = (await world.server.sql('SHOW STAGES')).length;
  const started = await visitor.context.request.post('/v1/query', {
    headers: { 'x-ui': '1', origin: visitor.url, 'x-databend-query-id': id },
    data: { sql: 'SELECT count(*) FROM numbers(10000000) a, numbers(10000000) b', pagination: { wait_time_secs: 0 } },
  });
  expect(started.status()).toBe(200);
  await page.goto(`http://${host}:${port}/`);
  const results = await page.evaluate(
    async ({ url, id }) => {
      const body = JSON.stringify({ sql: "CREATE STAGE planted URL = 's3://planted/'" });
      const tries: Record<string, string> = {};
      const attempt = async (name: string, path: string, init: RequestInit) => {
        try {
          const answer = await fetch(url + path, { credentials: 'include', ...init });
          tries[name] = `${answer.type} ${answer.status}`;
        } catch (error) {
          tries[name] = String(error);
        }
      };
      await attempt('simple', '/v1/query', { method: 'POST', body, mode: 'no-cors', headers: { 'content-type': 'text/plain' } });
      await attempt('json', '/v1/query', { method: 'POST', body, headers: { 'content-type': 'application/json' } });
      await attempt('header', '/v1/query', { method: 'POST', body, headers: { 'x-ui': '1' } });
      await attempt('read', '/ui/api/worksheets', { method: 'GET' });
      await attempt('kill', `/v1/query/${id}/kill`, { method: 'GET', mode: 'no-cors' });
      await attempt('final', `/v1/query/${id}/final`, { method: 'POST', mode: 'no-cors' });
      await attempt('logout', '/ui/api/session', { method: 'DELETE' });
      for (const path of [`/v1/query/${id}/kill`, `/v1/query/${id}/final`, '/ui/api/catalog']) {
        await new Promise<void>((resolve) => {
          const image = new Image();
          image.onload = image.onerror = () => resolve();
          image.src = url + path;
        });
      }
      const frame = document.createElement('iframe');
      frame.name = 'f';
      document.body.append(frame);
      const form = document.createElement('form');
      form.method = 'post';
      form.enctype = 'text/plain';
      form.action = `${url}/v1/query`;
      form.target = 'f';
      const field = document.createElement('input');
      field.name = body.slice(0, -1) + ',"x":"';
      field.value = '"}';
      form.append(field);
      document.body.append(form);
      await new Promise<void>((resolve) => {
        frame.onload = () => resolve();
        form.submit();
        setTimeout(resolve, 2000);
      });
      return tries;
    },
    { url: world.server.url, id },
  );
  for (const name of ['json', 'header', 'read', 'logout']) expect(results[name], name).toContain('Failed to fetch');
  expect((await world.server.sql('SHOW STAGES')).length).toBe(before);
  const state = await ask(visitor, 'GET', `/v1/query/${id}`);
  expect(state.body.state).not.toBe('Failed');
  expect((await ask(visitor, 'GET', '/ui/api/session')).body.login.user).toBe('root');
  await ask(visitor, 'POST', `/v1/query/${id}/kill`);
}

test('a page of another site can do and read nothing', () => attack('localhost'));

test('a page of another port of the same host can do and read nothing', () => attack('127.0.0.1'));

test('the app cannot be framed', async () => {
  const visitor = await world.insider();
  visitor.expected.push(/.*/);
  await visitor.page.goto(`http://127.0.0.1:${port}/`);
  await visitor.page.evaluate(async (url) => {
    const frame = document.createElement('iframe');
    frame.src = url;
    document.body.append(frame);
    await new Promise((resolve) => {
      frame.onload = resolve;
      setTimeout(resolve, 3000);
    });
  }, world.server.url);
  const frame = visitor.page.frames()[1];
  expect(await frame?.locator('#app').count().catch(() => 0)).toBe(0);
});

test('a name that was made to point here gets nothing', async () => {
  const { host } = new URL(world.server.url);
  for (const path of ['/', '/ui/api/session', '/v1/verify']) {
    const answer = await rebound(world.server.url, path, `evil.test:${host.split(':')[1]}`);
    expect(answer).toContain('421');
    expect(answer).toContain('does not answer by the name `evil.test`');
    expect(answer.toLowerCase()).not.toContain('set-cookie');
  }
});

test('markup in names, cells, keys and errors is text', async () => {
  const bucket = await makeStage(world, 'markup', { '<img src=x onerror=alert(1)>.csv': 'a\n' });
  expect(bucket).toBeTruthy();
  const visitor = await world.insider();
  const { page } = visitor;
  const evilText = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>';
  await openWorksheet(
    visitor,
    `SELECT '${evilText}' AS "<b onmouseover=alert(1)>name", 'javascript:alert(1)' AS link`,
    evilText,
  );
  await toEnd(page);
  await page.keyboard.press('Control+Enter');
  await resultState(page, 'Done');
  await page.getByRole('gridcell', { name: evilText }).waitFor();
  await page.getByRole('columnheader', { name: '<b onmouseover=alert(1)>name' }).waitFor();
  await openWorksheet(visitor, `SELECT * FROM "${evilText}"`);
  await toEnd(page);
  await page.keyboard.press('Control+Enter');
  await resultState(page, 'Failed');
  expect(await page.locator('img[src=x], a[href^="javascript:"], script:not([src])').count()).toBe(0);
  expect(await page.evaluate(() => (window as unknown as { pwned?: number }).pwned)).toBeUndefined();
});

test('no key and no external secret reaches the browser', async () => {
  await makeStage(world, 'secrets', { 'a.csv': 'a\n1\n' });
  const visitor = await world.insider();
  const seen: string[] = [];
  visitor.page.on('response', async (response) => seen.push(await response.text().catch(() => '')));
  for (const path of ['/', '/data', '/connections', '/w']) {
    await visitor.page.goto(path);
    await settled(visitor.page);
  }
  await ask(visitor, 'GET', '/ui/api/catalog').then(({ body }) => seen.push(JSON.stringify(body)));
  const all = seen.join('\n');
  expect(all).not.toContain(world.keys.secretAccessKey);
  expect(all).not.toMatch(/ASIA[A-Z0-9]{16}/);
});

/** A request under a name that fetch would not send. */
async function rebound(url: string, path: string, host: string): Promise<string> {
  const { connect } = await import('node:net');
  const { hostname, port: to } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(to), hostname, () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/html\r\nConnection: close\r\n\r\n`);
    });
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (piece) => (text += piece));
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
}

test('another user of the organization sees a shared text and nothing else', async () => {
  await world.server.sql("CREATE USER carol IDENTIFIED BY 'her password'");
  const root = await world.insider();
  const made = await ask(root, 'POST', '/ui/api/worksheets', { name: 'shared one', text: 'SELECT 4711' });
  const share = await ask(root, 'POST', `/ui/api/worksheets/${made.body.id}/share`);
  const carol = await world.visitor();
  await logIn(carol, 'carol', 'her password');
  await carol.page.goto(share.body.path);
  await carol.page.getByText('SELECT 4711').first().waitFor();
  expect((await ask(carol, 'GET', `/ui/api/worksheets/${made.body.id}`)).status).toBe(404);
  await ask(root, 'DELETE', `/ui/api/worksheets/${made.body.id}/share`);
  carol.expected.push(/404/);
  await carol.page.reload();
  await carol.page.getByText(/not yours|deleted|no longer|taken back/).first().waitFor();
});
