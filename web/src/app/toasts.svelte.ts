export interface Toast {
  id: number;
  text: string;
  kind: 'good' | 'bad' | 'info';
  action?: { label: string; run: () => void };
}

interface ToastOptions {
  kind?: Toast['kind'];
  /** Stays until it is closed. */
  stays?: boolean;
  action?: Toast['action'];
}

const SHOWN_MS = 5_000;
let nextId = 1;
let list = $state.raw<Toast[]>([]);

export const toasts = {
  get list(): Toast[] {
    return list;
  },
  show(text: string, options: ToastOptions = {}): void {
    const id = nextId++;
    const toast: Toast = { id, text, kind: options.kind ?? 'good' };
    if (options.action) toast.action = options.action;
    list = [...list.filter((other) => other.text !== text), toast];
    if (!options.stays) setTimeout(() => toasts.close(id), SHOWN_MS);
  },
  fail(problem: unknown): void {
    toasts.show(problem instanceof Error ? problem.message : String(problem), { kind: 'bad' });
  },
  close(id: number): void {
    list = list.filter((toast) => toast.id !== id);
  },
};

/** Copies a text and says so. */
export async function copyText(text: string, what = 'Copied'): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text);
  }
  toasts.show(what);
}

/** Without https the clipboard API is closed; a selection still copies. */
function copyBySelection(text: string): void {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'visually-hidden';
  document.body.append(area);
  const before = document.activeElement as HTMLElement | null;
  area.select();
  document.execCommand('copy');
  area.remove();
  before?.focus();
}
