import { go, pathOf } from '../app/router.svelte.ts';
import { toasts } from '../app/toasts.svelte.ts';
import { openWorksheets } from './open.svelte.ts';

/** Opens a new worksheet with a text; it runs at once only when the person pressed a button that says so. */
export async function openInWorksheet(text: string, options: { name?: string; run?: boolean } = {}): Promise<void> {
  try {
    const id = await openWorksheets.create({ text, ...(options.name ? { name: options.name } : {}) });
    if (options.run) openWorksheets.runWhenOpen(id);
    go(pathOf('w', id));
  } catch (failure) {
    toasts.fail(failure);
  }
}
