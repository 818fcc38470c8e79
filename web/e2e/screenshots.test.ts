import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PAGES, seedPages } from './support/pages.ts';
import { useWorld } from './support/world.ts';

const world = useWorld();

/** Outside git; a few of them are chosen by hand for the documentation. */
const FOLDER = process.env.SCREENSHOTS ?? join(import.meta.dirname, 'out');

const LOOKS = [
  { name: 'light', options: { colorScheme: 'light' as const, viewport: { width: 1440, height: 900 } } },
  { name: 'dark', options: { colorScheme: 'dark' as const, viewport: { width: 1440, height: 900 } } },
  { name: 'forced', options: { forcedColors: 'active' as const, viewport: { width: 1440, height: 900 } } },
  { name: 'phone', options: { colorScheme: 'light' as const, viewport: { width: 390, height: 844 } } },
];

test('every page is pictured in both schemes and on a phone', async () => {
  mkdirSync(FOLDER, { recursive: true });
  const ids = await seedPages(world);
  let pictures = 0;
  for (const look of LOOKS) {
    const visitor = await world.insider(look.options);
    visitor.expected.push(/404/);
    for (const place of PAGES(ids)) {
      await place.open(visitor);
      await visitor.page.screenshot({ path: join(FOLDER, `${place.name}-${look.name}.png`), animations: 'disabled' });
      pictures += 1;
    }
  }
  const visitor = await world.visitor({ colorScheme: 'light' });
  await visitor.page.goto('/');
  await visitor.page.getByRole('button', { name: 'Sign in' }).waitFor();
  await visitor.page.screenshot({ path: join(FOLDER, 'login-light.png') });
  expect(pictures).toBe(LOOKS.length * PAGES(ids).length);
}, 360_000);
