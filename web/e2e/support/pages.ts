import type { Visitor } from './browser.ts';
import { ask, makeStage, settled, TUTORIAL_FILE, type World } from './world.ts';

/** One page of the app, and how it is opened with something on it. */
export interface Place {
  name: string;
  open(visitor: Visitor): Promise<void>;
}

export interface Ids {
  worksheet: string;
  stage: string;
  token: string;
}

let seeded: Promise<Ids> | null = null;

/** Makes something for every page to show, once. */
export function seedPages(world: World): Promise<Ids> {
  seeded ??= seed(world);
  return seeded;
}

async function seed(world: World): Promise<Ids> {
  await makeStage(world, 'acme_lake', {
    'raw/2026/orders.parquet': TUTORIAL_FILE,
    'raw/2026/returns.parquet': TUTORIAL_FILE,
    'raw/notes.csv': 'a,b\n1,2\n',
    'readme.txt': 'hello',
  });
  await world.server.sql('SELECT * FROM @acme_lake/raw/2026/orders.parquet');
  await world.server.sql('SELECT nothing FROM system.one').catch(() => {});
  const visitor = await world.insider();
  const worksheet = await ask(visitor, 'POST', '/ui/api/worksheets', {
    name: 'Orders of 2026',
    folder: 'finance/2026',
    text: '-- The newest orders\nSELECT * FROM @acme_lake/raw/2026/orders.parquet LIMIT 100;\n\nSELECT count(*) AS orders FROM @acme_lake/raw/2026/orders.parquet;\n',
  });
  await ask(visitor, 'POST', '/ui/api/worksheets', { name: 'Scratch', text: 'SELECT 1' });
  await ask(visitor, 'POST', '/ui/api/tokens', { name: 'laptop', days: 90 });
  const share = await ask(visitor, 'POST', `/ui/api/worksheets/${worksheet.body.id}/share`);
  return { worksheet: worksheet.body.id, stage: 'acme_lake', token: share.body.token };
}

function at(name: string, path: string): Place {
  return {
    name,
    async open(visitor) {
      await visitor.page.goto(path);
      await visitor.page.locator('h1').first().waitFor({ state: 'attached' });
      await settled(visitor.page);
    },
  };
}

/** Every page of the app. */
export function PAGES(ids: Ids): Place[] {
  return [
    at('home', '/'),
    at('worksheets', '/w'),
    {
      name: 'worksheet',
      async open(visitor) {
        await at('worksheet', `/w/${ids.worksheet}`).open(visitor);
        await visitor.page.locator('.cm-content').click();
        await visitor.page.keyboard.press('Control+End');
        await visitor.page.keyboard.press('Control+Shift+Enter');
        await visitor.page.getByRole('grid').waitFor();
        await settled(visitor.page);
      },
    },
    at('shared', `/s/${ids.token}`),
    at('data', '/data'),
    at('stage', `/data/stages/${ids.stage}`),
    at('folder', `/data/stages/${ids.stage}?prefix=raw%2F2026%2F&file=raw%2F2026%2Forders.parquet`),
    at('connect', '/connect'),
    at('connections', '/connections'),
    at('connection', `/connections/${ids.stage}`),
    at('history', '/history'),
    at('audit', '/audit'),
    at('settings', '/settings'),
    at('tokens', '/settings/tokens'),
    at('nowhere', '/nowhere'),
  ];
}
