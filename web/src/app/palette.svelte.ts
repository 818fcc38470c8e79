import { readCatalog, listWorksheets } from '../api/web.ts';
import type { IconName } from '../ui/icons.ts';
import { go, pathOf } from './router.svelte.ts';
import { SECTIONS } from './routes.ts';
import { shell } from './shortcuts.svelte.ts';
import { theme } from './theme.svelte.ts';

export interface Command {
  label: string;
  kind: string;
  icon: IconName;
  run: () => void;
}

/** What the screen reader is told of a new page. */
let announcement = $state('');
export const announcer = {
  get text(): string {
    return announcement;
  },
};
export function reportPage(title: string): void {
  announcement = title;
}

/** What is there without asking the server. */
export function fixed(): Command[] {
  return [
    ...SECTIONS.map((section) => ({
      label: section.label,
      kind: 'Page',
      icon: section.icon,
      run: () => go(section.path),
    })),
    { label: 'New worksheet', kind: 'Command', icon: 'plus', run: () => go('/w/new') },
    { label: 'Connect a bucket', kind: 'Command', icon: 'connect', run: () => go('/connect') },
    { label: 'Light colours', kind: 'Command', icon: 'sun', run: () => theme.choose('light') },
    { label: 'Dark colours', kind: 'Command', icon: 'moon', run: () => theme.choose('dark') },
    { label: 'Colours of the system', kind: 'Command', icon: 'display', run: () => theme.choose('system') },
    {
      label: 'Keyboard shortcuts',
      kind: 'Command',
      icon: 'keyboard',
      run: () => {
        shell.shortcuts = true;
      },
    },
  ];
}

/** Everything that can be gone to by its name. */
export async function loadCommands(): Promise<Command[]> {
  const [worksheets, catalog] = await Promise.allSettled([listWorksheets(), readCatalog()]);
  const commands = fixed();
  if (worksheets.status === 'fulfilled') {
    for (const head of worksheets.value.worksheets) {
      const label = head.folder ? `${head.folder}/${head.name}` : head.name;
      commands.push({ label, kind: 'Worksheet', icon: 'worksheet', run: () => go(pathOf('w', head.id)) });
    }
  }
  if (catalog.status === 'fulfilled') {
    for (const stage of catalog.value.stages) {
      commands.push({
        label: `@${stage.name}`,
        kind: 'Stage',
        icon: 'bucket',
        run: () => go(pathOf('data', 'stages', stage.name)),
      });
    }
    for (const database of catalog.value.databases) {
      for (const table of database.tables) {
        commands.push({
          label: `${database.name}.${table.name}`,
          kind: table.kind.includes('VIEW') ? 'View' : 'Table',
          icon: 'table',
          run: () => go(pathOf('data', 'tables', database.name, table.name)),
        });
      }
    }
    for (const connection of catalog.value.connections) {
      commands.push({
        label: connection,
        kind: 'Connection',
        icon: 'key',
        run: () => go(pathOf('connections', connection)),
      });
    }
  }
  return commands;
}

/** Commands whose name has the letters of the search in order; those that begin with it come first. */
export function findCommands(commands: Command[], search: string, most: number): Command[] {
  const wanted = search.trim().toLowerCase();
  if (!wanted) return commands.slice(0, most);
  return commands
    .map((command) => ({ command, rank: rankOf(command.label.toLowerCase(), wanted) }))
    .filter((found) => found.rank < Infinity)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, most)
    .map((found) => found.command);
}

function rankOf(label: string, wanted: string): number {
  const at = label.indexOf(wanted);
  if (at >= 0) return at;
  let from = 0;
  for (const letter of wanted) {
    const found = label.indexOf(letter, from);
    if (found < 0) return Infinity;
    from = found + 1;
  }
  return 1000 + from;
}
