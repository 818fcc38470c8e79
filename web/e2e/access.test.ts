import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { PAGES, seedPages } from './support/pages.ts';
import { useWorld } from './support/world.ts';

const world = useWorld();
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface Finding {
  id: string;
  impact: string;
  help: string;
  nodes: { target: string[]; failureSummary: string }[];
}

/** What axe finds on a page that matters. */
async function findings(page: Page): Promise<string[]> {
  // Through the debugger: the page's own policy lets no script in.
  const { readFileSync } = await import('node:fs');
  await page.evaluate(readFileSync(AXE, 'utf8'));
  const found = (await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: (options: unknown) => Promise<{ violations: unknown[] }> } };
    return (await axe.run({ resultTypes: ['violations'] })).violations;
  })) as Finding[];
  return found
    .filter((finding) => finding.impact === 'serious' || finding.impact === 'critical')
    .flatMap((finding) => finding.nodes.map((node) => `${finding.id} at ${node.target.join(' ')}: ${node.failureSummary}`));
}

const LOOKS = [
  { name: 'light', options: { colorScheme: 'light' as const } },
  { name: 'dark', options: { colorScheme: 'dark' as const } },
  { name: 'phone', options: { colorScheme: 'light' as const, viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } },
];

for (const look of LOOKS) {
  test(`no page has a serious finding of axe, ${look.name}`, async () => {
    const ids = await seedPages(world);
    const visitor = await world.insider(look.options);
    visitor.expected.push(/404/);
    const all: string[] = [];
    for (const place of PAGES(ids)) {
      await place.open(visitor);
      all.push(...(await findings(visitor.page)).map((text) => `${place.name}: ${text}`));
    }
    expect(all).toEqual([]);
  }, 240_000);
}

test('no page is wider than a phone', async () => {
  const ids = await seedPages(world);
  for (const width of [320, 390]) {
    const visitor = await world.insider({ viewport: { width, height: 844 } });
    visitor.expected.push(/404/);
    for (const place of PAGES(ids)) {
      await place.open(visitor);
      const wider = await visitor.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(wider, `${place.name} at ${width}`).toBeLessThanOrEqual(0);
    }
  }
}, 180_000);

test('every page has one heading, a title and a main part', async () => {
  const ids = await seedPages(world);
  const visitor = await world.insider();
  visitor.expected.push(/404/);
  const titles = new Set<string>();
  for (const place of PAGES(ids)) {
    await place.open(visitor);
    expect(await visitor.page.locator('h1').count(), place.name).toBe(1);
    expect(await visitor.page.locator('main').count(), place.name).toBe(1);
    titles.add(await visitor.page.title());
  }
  expect(titles.size).toBeGreaterThan(5);
}, 120_000);

test('the scheme that was chosen stays, and nothing flashes', async () => {
  const visitor = await world.insider({ colorScheme: 'light' });
  const { page } = visitor;
  await page.goto('/');
  await page.getByRole('button', { name: /root, organization default/ }).click();
  await page.getByRole('menuitem', { name: 'Dark' }).or(page.getByRole('menuitemradio', { name: 'Dark' })).first().click();
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await background();
  await page.reload();
  await page.getByRole('heading', { level: 1 }).waitFor();
  expect(await background()).toBe(dark);
  expect(dark).not.toBe('rgb(255, 255, 255)');
});

test('where the system chooses the colours, what is current is told by a frame', async () => {
  const visitor = await world.insider({ forcedColors: 'active' });
  const { page } = visitor;
  await page.goto('/settings');
  const outline = (selector: string) =>
    page.locator(selector).evaluateAll((elements) => elements.map((element) => getComputedStyle(element).outlineStyle));
  await page.getByRole('tab', { selected: true }).first().waitFor();
  expect(new Set(await outline('[role=tab][aria-selected=true]'))).toEqual(new Set(['solid']));
  expect(await outline('[role=tab][aria-selected=false]')).not.toContain('solid');
  expect(await outline('a[aria-current=page]')).toContain('solid');
});

test('focus comes back when a dialog closes', async () => {
  const visitor = await world.insider();
  const { page } = visitor;
  await page.goto('/');
  const search = page.getByRole('button', { name: 'Search and commands' });
  await search.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await expect.poll(() => search.evaluate((element) => element === document.activeElement)).toBe(true);
});
