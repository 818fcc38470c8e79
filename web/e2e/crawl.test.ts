import { expect, test } from 'vitest';
import { PAGES, seedPages } from './support/pages.ts';
import { settled, useWorld } from './support/world.ts';

const world = useWorld();

// Every visitor is checked after its test: no console error, no violation, no uncaught error, no other host.
test('no page says, breaks or fetches what it must not', async () => {
  const ids = await seedPages(world);
  const visitor = await world.insider();
  for (const place of PAGES(ids)) {
    await place.open(visitor);
    expect(await visitor.page.locator('h1').count(), place.name).toBe(1);
  }
}, 120_000);

test('the rail leads to every page', async () => {
  await seedPages(world);
  const visitor = await world.insider();
  const { page } = visitor;
  await page.goto('/');
  for (const name of ['Worksheets', 'Data', 'Connect', 'History', 'Connections', 'Audit', 'Settings', 'Home']) {
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name, exact: true }).click();
    await expect.poll(() => page.locator('[aria-current=page]').first().textContent()).toContain(name);
    await page.locator('h1').first().waitFor({ state: 'attached' });
    await settled(page);
  }
});
