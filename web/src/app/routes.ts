import type { Component } from 'svelte';
import type { IconName } from '../ui/icons.ts';

type PageModule = { default: Component };

export interface Route {
  title: string;
  /** The entry of the rail that is marked. */
  section: string;
  load: () => Promise<PageModule>;
  /** What the page is about, where another one of the same kind begins anew. */
  key?: string;
  /** Needs no login. */
  isPublic?: boolean;
  /** Fills the window and scrolls by itself. */
  isFull?: boolean;
}

export interface Section {
  id: string;
  label: string;
  path: string;
  icon: IconName;
  /** Behind "More" on a phone. */
  isMinor?: boolean;
  key?: string;
}

export const SECTIONS: Section[] = [
  { id: 'home', label: 'Home', path: '/', icon: 'home', key: 'h' },
  { id: 'worksheets', label: 'Worksheets', path: '/w', icon: 'worksheet', key: 'w' },
  { id: 'data', label: 'Data', path: '/data', icon: 'data', key: 'd' },
  { id: 'connect', label: 'Connect', path: '/connect', icon: 'connect', key: 'c' },
  { id: 'history', label: 'History', path: '/history', icon: 'history', key: 's', isMinor: true },
  { id: 'connections', label: 'Connections', path: '/connections', icon: 'key', isMinor: true },
  { id: 'audit', label: 'Audit', path: '/audit', icon: 'audit', isMinor: true },
  { id: 'settings', label: 'Settings', path: '/settings', icon: 'settings', isMinor: true },
];

/** What is shown at a path. */
export function routeOf(parts: string[]): Route {
  const [first, second, third] = parts;
  switch (first) {
    case undefined:
    case 'login':
      return { title: 'Home', section: 'home', load: () => import('../home/HomePage.svelte') };
    case 'w':
      return second
        ? {
            title: 'Worksheet',
            section: 'worksheets',
            load: () => import('../worksheet/WorksheetPage.svelte'),
            isFull: true,
          }
        : { title: 'Worksheets', section: 'worksheets', load: () => import('../worksheet/WorksheetListPage.svelte') };
    case 'connect':
      return second
        ? { title: 'Connect a bucket', section: 'connect', key: second, load: () => import('../connect/WizardPage.svelte') }
        : { title: 'Connect a bucket', section: 'connect', load: () => import('../connect/ConnectPage.svelte') };
    case 'handoff':
      return {
        title: 'An IAM role',
        section: '',
        load: () => import('../connect/HandoffPage.svelte'),
        isPublic: true,
      };
    case 'data':
      if (second === 'stages' && third) {
        return { title: `@${third}`, section: 'data', key: third, load: () => import('../data/StagePage.svelte') };
      }
      if (second === 'tables') {
        const key = parts.join('/');
        return { title: parts[3] ?? 'Table', section: 'data', key, load: () => import('../data/TablePage.svelte') };
      }
      return { title: 'Data', section: 'data', load: () => import('../data/DataPage.svelte') };
    case 'connections':
      return second
        ? { title: second, section: 'connections', key: second, load: () => import('../connections/ConnectionPage.svelte') }
        : { title: 'Connections', section: 'connections', load: () => import('../connections/ConnectionsPage.svelte') };
    case 'history':
      return second
        ? { title: 'Query', section: 'history', key: second, load: () => import('../history/QueryPage.svelte') }
        : { title: 'History', section: 'history', load: () => import('../history/HistoryPage.svelte') };
    case 'audit':
      return { title: 'Audit', section: 'audit', load: () => import('../audit/AuditPage.svelte') };
    case 'settings':
      return { title: 'Settings', section: 'settings', load: () => import('../settings/SettingsPage.svelte') };
    case 's':
      return { title: 'Shared worksheet', section: 'worksheets', load: () => import('../worksheet/SharedPage.svelte') };
    default:
      return { title: 'Not found', section: '', load: () => import('./NotFoundPage.svelte') };
  }
}
