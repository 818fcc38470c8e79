export type Theme = 'system' | 'light' | 'dark';

const KEY = 'stagedoor.theme';

function stored(): Theme {
  const theme = document.documentElement.dataset.theme;
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

let chosen = $state<Theme>(stored());
const systemIsDark = window.matchMedia('(prefers-color-scheme: dark)');
let systemDark = $state(systemIsDark.matches);
systemIsDark.addEventListener('change', (event) => {
  systemDark = event.matches;
});

export const theme = {
  get chosen(): Theme {
    return chosen;
  },
  get isDark(): boolean {
    return chosen === 'dark' || (chosen === 'system' && systemDark);
  },
  choose(next: Theme): void {
    chosen = next;
    if (next === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // Without storage it holds until the next reload.
    }
  },
};
