import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { existsSync } from 'node:fs';

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export async function launch(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_BIN ?? PATHS.find((path) => existsSync(path));
  if (!executablePath) throw new Error('Chromium is missing; on Debian: apt-get install chromium');
  return chromium.launch({
    executablePath,
    // In containers there is no user namespace for the browser's own sandbox; it opens pages of our server alone.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--js-flags=--expose-gc', '--enable-precise-memory-info'],
  });
}

/** Everything that a page must not do. */
export interface Offences {
  console: string[];
  violations: string[];
  errors: string[];
  foreign: string[];
}

/** A browser with nothing in it, watched. */
export class Visitor {
  readonly offences: Offences = { console: [], violations: [], errors: [], foreign: [] };
  /** What a test provokes. */
  readonly expected: RegExp[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly url: string,
  ) {}

  static async arrive(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await browser.newContext({ baseURL: url, viewport: { width: 1440, height: 900 }, ...options });
    context.setDefaultTimeout(30_000);
    const page = await context.newPage();
    const visitor = new Visitor(context, page, url);
    await visitor.watch(page);
    return visitor;
  }

  /** Another tab of the same browser. */
  async tab(): Promise<Page> {
    const page = await this.context.newPage();
    await this.watch(page);
    return page;
  }

  /** Fails if any page did what none may. */
  check(): void {
    const { console, violations, errors, foreign } = this.offences;
    const all = [
      ...console.map((text) => `console: ${text}`),
      ...violations.map((text) => `policy violated: ${text}`),
      ...errors.map((text) => `uncaught: ${text}`),
      ...foreign.map((text) => `request to another host: ${text}`),
    ].filter((text) => !this.expected.some((pattern) => pattern.test(text)));
    if (all.length > 0) throw new Error(all.join('\n'));
  }

  async leave(): Promise<void> {
    await this.context.close();
  }

  private async watch(page: Page): Promise<void> {
    await page.exposeFunction('reportViolation', (text: string) => this.offences.violations.push(text)).catch(() => {});
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        const report = (window as unknown as { reportViolation?: (text: string) => void }).reportViolation;
        report?.(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`);
      });
    });
    page.on('console', (message) => {
      if (message.type() === 'error') this.offences.console.push(`${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => this.offences.errors.push(String(error.stack ?? error)));
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (!['data:', 'blob:', 'about:'].includes(url.protocol) && url.origin !== this.url) this.offences.foreign.push(request.url());
    });
  }
}
