import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { launch, Visitor } from './browser.ts';
import { Cloud, Customer } from './cloud.ts';
import { PASSWORD, Server } from './server.ts';
import type { Keys } from './sigv4.ts';

/** The Parquet file of the tutorial. */
export const TUTORIAL_FILE = readFileSync(join(import.meta.dirname, '../../../crates/server/src/demo/test.parquet'));

/** Everything a test file needs, started before its first test. */
export interface World {
  cloud: Cloud;
  customer: Customer;
  keys: Keys;
  server: Server;
  browser: Browser;
  /** A browser with nothing in it. */
  visitor(options?: BrowserContextOptions): Promise<Visitor>;
  /** A browser that is logged in as `root`. */
  insider(options?: BrowserContextOptions): Promise<Visitor>;
}

/** A cloud, a server and a browser for the tests of one file. Each visitor is checked and closed after its test. */
export function useWorld(limits: string[] = []): World {
  const world = {} as World;
  const visitors: Visitor[] = [];
  beforeAll(async () => {
    world.cloud = await Cloud.start();
    world.customer = new Customer(world.cloud);
    world.keys = await world.cloud.prepareProvider();
    world.server = await Server.start(world.cloud, world.keys, limits);
    world.browser = await launch();
    world.visitor = async (options) => {
      const visitor = await Visitor.arrive(world.browser, world.server.url, options);
      visitors.push(visitor);
      return visitor;
    };
    world.insider = async (options) => {
      const visitor = await world.visitor(options);
      await logIn(visitor);
      return visitor;
    };
  });
  afterEach(async (context) => {
    const visited = visitors.splice(0);
    if (context.task.result?.state === 'fail') await picture(visited, context.task.name);
    for (const visitor of visited) await visitor.leave();
    for (const visitor of visited) visitor.check();
  });
  afterAll(async () => {
    await world.browser?.close();
    await world.server?.stop();
    await world.cloud?.stop();
  });
  return world;
}

/** What was on the screen when a test failed, outside git. */
async function picture(visitors: Visitor[], name: string): Promise<void> {
  const folder = join(import.meta.dirname, '../out/failed');
  mkdirSync(folder, { recursive: true });
  for (const [index, visitor] of visitors.entries()) {
    const file = `${name.replace(/[^\w]+/g, '-').slice(0, 60)}-${index}.png`;
    await visitor.page.screenshot({ path: join(folder, file) }).catch(() => {});
  }
}

/** Logs in behind the page, as the login page does. */
export async function logIn(visitor: Visitor, user = 'root', password = PASSWORD): Promise<void> {
  const answer = await visitor.context.request.post('/ui/api/session', {
    headers: { 'x-ui': '1', origin: visitor.url },
    data: { user, password },
  });
  expect(answer.status(), await answer.text()).toBe(200);
}

/** A request of the app, with its cookie. */
export async function ask<T = any>(
  visitor: Visitor,
  method: string,
  path: string,
  data?: unknown,
): Promise<{ status: number; body: T; headers: Record<string, string> }> {
  const answer = await visitor.context.request.fetch(path, {
    method,
    headers: { 'x-ui': '1', origin: visitor.url, ...(data === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(data === undefined ? {} : { data: JSON.stringify(data) }),
    maxRedirects: 0,
  });
  const text = await answer.text();
  let body: unknown = text;
  try {
    body = JSON.parse(text);
  } catch {
    // Not every answer is JSON.
  }
  return { status: answer.status(), body: body as T, headers: answer.headers() };
}

/** The tutorial's connection and stage, made by SQL. */
export async function makeStage(world: World, name: string, files: Record<string, string | Uint8Array>): Promise<string> {
  const bucket = await world.customer.bucket(files);
  const role = await world.customer.role({ bucket, externalId: `id-${name}` });
  await world.server.sql(
    `CREATE CONNECTION ${name} STORAGE_TYPE = 's3' ROLE_ARN = '${role}' EXTERNAL_ID = 'id-${name}'`,
  );
  await world.server.sql(`CREATE STAGE ${name} URL = 's3://${bucket}/' CONNECTION = (CONNECTION_NAME = '${name}')`);
  return bucket;
}

/** A new worksheet with a text, its editor ready. */
export async function openWorksheet(visitor: Visitor, text: string, name = 'test'): Promise<string> {
  const made = await ask(visitor, 'POST', '/ui/api/worksheets', { name, text });
  expect(made.status).toBe(201);
  await visitor.page.goto(`/w/${made.body.id}`);
  await editor(visitor.page).waitFor();
  return made.body.id as string;
}

/** Waits until a page has fetched what it shows; one that asks again and again is not waited for. */
export async function settled(page: Page): Promise<void> {
  await Promise.race([page.waitForLoadState('networkidle'), new Promise((resolve) => setTimeout(resolve, 2_000))]).catch(() => {});
}

export function editor(page: Page) {
  return page.locator('.cm-content');
}

/** Puts the cursor at the end of the text. */
export async function toEnd(page: Page): Promise<void> {
  await editor(page).click();
  await page.keyboard.press('Control+End');
}

/** Replaces the whole text. */
export async function retype(page: Page, text: string): Promise<void> {
  await editor(page).click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(text);
}

/** Waits for the state that the status line of the result shows. */
export async function resultState(page: Page, state: 'Done' | 'Failed' | 'Cancelled' | 'Running'): Promise<void> {
  await page.getByRole('region', { name: 'Results' }).locator('.line .state', { hasText: state }).waitFor();
}

/** The texts of the grid's cells that are drawn, by row. */
export async function cells(page: Page): Promise<string[][]> {
  return page.locator('[role=grid] [role=row]').evaluateAll((rows) =>
    rows
      .slice(1)
      .map((row) => [...row.querySelectorAll('[role=gridcell]')].map((cell) => (cell.textContent ?? '').trim())),
  );
}
