import { go } from './router.svelte.ts';
import { SECTIONS } from './routes.ts';

/** What of the shell lies over the page. */
class ShellState {
  palette = $state(false);
  shortcuts = $state(false);
}

export const shell = new ShellState();

/** How long `g` waits for the letter of a page. */
const CHORD_MS = 1_200;
let chordUntil = 0;

function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return Boolean(element?.closest('input, textarea, select, [contenteditable="true"], dialog, [role="menu"]'));
}

/** Keys that work on every page; none is a single letter while somebody types. */
export function globalKeys(event: KeyboardEvent): void {
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    shell.palette = !shell.palette;
    return;
  }
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (event.key === '?') {
    event.preventDefault();
    shell.shortcuts = true;
  } else if (event.key === 'g') {
    chordUntil = Date.now() + CHORD_MS;
  } else if (Date.now() < chordUntil) {
    chordUntil = 0;
    const section = SECTIONS.find((entry) => entry.key === event.key);
    if (section) {
      event.preventDefault();
      go(section.path);
    }
  }
}

export const SHORTCUTS: { title: string; keys: [string, string][] }[] = [
  {
    title: 'Everywhere',
    keys: [
      ['Ctrl K', 'Search and commands'],
      ['?', 'This list'],
      ['g then h, w, d, c, s', 'Home, Worksheets, Data, Connect, History'],
    ],
  },
  {
    title: 'Worksheet',
    keys: [
      ['Ctrl Enter', 'Run the selection, or the statement at the cursor'],
      ['Ctrl Shift Enter', 'Run all statements'],
      ['Ctrl Alt C', 'Cancel'],
      ['Shift Alt F', 'Format'],
      ['Ctrl Space', 'Complete'],
      ['Ctrl /', 'Comment'],
      ['F8', 'Next problem'],
      ['Ctrl S', 'Save now and keep a version'],
      ['Alt T, Alt W', 'New, close worksheet'],
      ['Alt 1 … 9', 'Go to tab'],
      ['F6', 'Next pane'],
      ['Ctrl \\', 'Show or hide the tree'],
      ['Ctrl J', 'Show or hide the results'],
      ['Esc then Tab', 'Leave the editor'],
    ],
  },
  {
    title: 'Results',
    keys: [
      ['Arrows, Home, End, Page Up, Page Down', 'Move'],
      ['Ctrl Home, Ctrl End', 'First, last cell'],
      ['Shift with these', 'Select'],
      ['Ctrl A, Ctrl C', 'Select all, copy'],
      ['Enter', 'Open the cell'],
      ['Alt Down', 'Menu of the column'],
    ],
  },
];
