import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { CUSTOMER, PRINCIPAL } from './cloud.ts';
import { ask, TUTORIAL_FILE, type World } from './world.ts';
import type { Visitor } from './browser.ts';

/** A bucket with one file, and a draft whose first step is done. */
export interface Case {
  visitor: Visitor;
  page: Page;
  bucket: string;
  /** The connection's name, and the stage's. */
  name: string;
  externalId: string;
  draft: string;
  /** The role is to write too. */
  write: boolean;
}

/** Goes through the first step of the wizard and reads the external id from the second. */
export async function beginCase(world: World, options: { write?: boolean; files?: Record<string, string | Uint8Array> } = {}): Promise<Case> {
  const bucket = await world.customer.bucket(options.files ?? { 'test.parquet': TUTORIAL_FILE });
  const visitor = await world.insider();
  const { page } = visitor;
  await page.goto('/connect');
  await page.getByLabel('Bucket or folder').fill(`s3://${bucket}`);
  if (options.write) await page.getByRole('radio', { name: /Read and write/ }).check();
  await page.getByRole('button', { name: 'Next: give access' }).click();
  await page.getByRole('heading', { name: 'Make a role at AWS' }).waitFor();
  const fact = page.getByRole('button', { name: 'Copy the external id' });
  await fact.waitFor();
  const externalId = (await page.locator('dl.facts div', { hasText: 'External id' }).locator('code').textContent())!;
  expect(externalId.length).toBeGreaterThan(8);
  expect(await page.locator('dl.facts div', { hasText: 'Principal' }).locator('code').textContent()).toBe(PRINCIPAL);
  const draft = page.url().match(/connect\/([^/]+)/)![1]!;
  const state = (await ask(visitor, 'GET', `/ui/api/drafts/${draft}`)).body.state;
  return { visitor, page, bucket, name: state.connection, externalId, draft, write: options.write ?? false };
}

/** Gives the wizard an ARN and waits for the ladder's end. */
export async function verify(it: Case, arn: string): Promise<void> {
  const { page } = it;
  if (await page.getByRole('button', { name: 'I have the role' }).isVisible()) {
    await page.getByRole('button', { name: 'I have the role' }).click();
  }
  await page.getByLabel('ARN of the role').fill(arn);
  await page.getByRole('button', { name: 'Verify', exact: true }).click();
  await page.getByRole('heading', { name: 'Verify the role' }).waitFor();
  await ladderEnds(page);
}

export async function ladderEnds(page: Page): Promise<void> {
  await page.locator('ol.ladder[aria-busy=false] li').first().waitFor({ timeout: 60_000 });
}

/** The same by SQL: a bucket with one file, the names of a connection to come, and its external id. */
export async function beginConnection(world: World, options: { write?: boolean; files?: Record<string, string | Uint8Array> } = {}): Promise<Case> {
  const bucket = await world.customer.bucket(options.files ?? { 'test.parquet': TUTORIAL_FILE });
  const visitor = await world.insider();
  const name = world.customer.newName('case').replaceAll('-', '_');
  return { visitor, page: visitor.page, bucket, name, externalId: `id-of-${name}`, draft: '', write: options.write ?? false };
}

/** Makes the connection with a role, and runs the ladder on its page. */
export async function verifyConnection(world: World, it: Case, arn: string): Promise<void> {
  await world.server.sql(
    `CREATE OR REPLACE CONNECTION ${it.name} STORAGE_TYPE = 's3' ROLE_ARN = '${arn}' EXTERNAL_ID = '${it.externalId}'`,
  );
  await world.server.sql(
    `CREATE STAGE IF NOT EXISTS ${it.name} URL = 's3://${it.bucket}/' CONNECTION = (CONNECTION_NAME = '${it.name}')`,
  );
  await it.page.goto(`/connections/${it.name}`);
  if (it.write) await it.page.getByLabel('with writing').check();
  await verifyAgain(it.page);
}

/** Runs the ladder of a connection's page. */
export async function verifyAgain(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Verify', exact: true }).first().click();
  await ladderEnds(page);
}

/** Runs the ladder of a connection's page again and expects that nothing fails. */
export async function expectFixed(page: Page): Promise<void> {
  await verifyAgain(page);
  await expect
    .poll(async () => Object.values(await statuses(page)).filter((status) => status !== 'good' && status !== 'warning'), {
      timeout: 60_000,
    })
    .toEqual([]);
}

/** One rung of the ladder. */
export function rung(page: Page, step: string) {
  return page.locator('ol.ladder li', { has: page.locator('.head strong', { hasText: new RegExp(`^${step}$`) }) });
}

/** What the ladder says, by step. */
export async function statuses(page: Page): Promise<Record<string, string>> {
  const rows = await page
    .locator('ol.ladder li')
    .evaluateAll((items) =>
      items.map((item) => [item.querySelector('strong')?.textContent?.trim() ?? '', item.querySelector('.status')?.textContent?.trim() ?? '']),
    );
  return Object.fromEntries(rows);
}

/** Expects a rung to have failed with a cause, and everything before it not to. */
export async function expectFailure(page: Page, step: string, cause: RegExp): Promise<string> {
  const failed = rung(page, step);
  await expect.poll(async () => (await statuses(page))[step], { timeout: 60_000 }).toBe('failed');
  expect(await failed.innerText()).toMatch(cause);
  return failed.innerText();
}

/** Runs the ladder again and expects that nothing fails. */
export async function expectGreen(page: Page): Promise<void> {
  const stop = page.getByRole('button', { name: 'Stop', exact: true });
  if (await stop.isVisible().catch(() => false)) await stop.click();
  await page.getByRole('button', { name: 'Verify again' }).click();
  await expect
    .poll(async () => Object.values(await statuses(page)).filter((status) => status !== 'good' && status !== 'warning'), {
      timeout: 60_000,
    })
    .toEqual([]);
  await expect.poll(() => page.getByRole('button', { name: 'Next: create' }).isEnabled()).toBe(true);
}

export const roleArn = (name: string) => `arn:aws:iam::${CUSTOMER}:role/${name}`;
