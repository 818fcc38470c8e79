import { onBuildChanged, onSessionExpired } from '../api/http.ts';
import { logIn, logOut, readSession, type SessionInfo } from '../api/web.ts';
import { toasts } from './toasts.svelte.ts';

let info = $state.raw<SessionInfo | null>(null);
let expired = $state(false);
let problem = $state('');
/** Requests that go on after the next login. */
const waiting: (() => void)[] = [];

/** Who is logged in here, and to what server. */
export const session = {
  /** Null until the server has answered once. */
  get info(): SessionInfo | null {
    return info;
  },
  get user(): string {
    return info?.login?.user ?? '';
  },
  get organization(): string {
    return info?.login?.organization ?? '';
  },
  get isLoggedIn(): boolean {
    return Boolean(info?.login);
  },
  /** The login ended while somebody worked: the page stays, a dialog asks for the password. */
  get isExpired(): boolean {
    return expired;
  },
  /** Why the server could not be asked; empty when it could. */
  get problem(): string {
    return problem;
  },
  async load(): Promise<void> {
    try {
      info = await readSession();
      problem = '';
    } catch (failure) {
      problem = failure instanceof Error ? failure.message : String(failure);
    }
  },
  async logIn(user: string, password: string, organization: string): Promise<void> {
    const before = info?.login;
    const next = await logIn(user, password, organization || undefined);
    const isOther = before && (before.user !== next.login?.user || before.organization !== next.login?.organization);
    if (expired && isOther) {
      // What is on the page belongs to somebody else.
      window.location.assign('/');
      return;
    }
    info = next;
    expired = false;
    for (const goOn of waiting.splice(0)) goOn();
  },
  async logOut(): Promise<void> {
    await logOut().catch(() => undefined);
    // A fresh page holds nothing of the last user.
    window.location.assign('/');
  },
};

onSessionExpired(() => {
  if (!info?.login) return Promise.resolve();
  expired = true;
  return new Promise((goOn) => waiting.push(goOn));
});
onBuildChanged(() => {
  toasts.show('A new version of Stagedoor is there', {
    kind: 'info',
    stays: true,
    action: { label: 'Reload', run: () => window.location.reload() },
  });
});
