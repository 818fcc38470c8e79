import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PRINCIPAL, type Cloud } from './cloud.ts';
import { Program } from './process.ts';
import type { Keys } from './sigv4.ts';

export const PASSWORD = 'correct horse';

export type Row = (string | null)[];

/** `stagedoor serve` on a free port, pointed at a sandbox. */
export class Server {
  private constructor(
    private program: Program,
    readonly url: string,
    private readonly folder: string,
    private readonly start_: (port: string) => Program,
  ) {}

  /** `limits` are lines of the configuration's `[limits]`. */
  static async start(cloud: Cloud, keys: Keys, limits: string[] = []): Promise<Server> {
    const folder = mkdtempSync(join(tmpdir(), 'stagedoor-e2e-'));
    const config = join(folder, 'stagedoor.toml');
    const lines = ['[organizations.default]', `principal = "${PRINCIPAL}"`, '[limits]', ...limits];
    writeFileSync(config, `${lines.join('\n')}\n`);
    const start = (address: string): Program =>
      Program.start('the server', ['serve', '--listen', address, '--data', join(folder, 'data'), '--config', config], {
        AWS_ENDPOINT_URL: cloud.endpoint,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: keys.accessKeyId,
        AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
        STAGEDOOR_ROOT_PASSWORD: PASSWORD,
        ...(process.env.STAGEDOOR_WEB_DIST ? { STAGEDOOR_WEB_DIST: process.env.STAGEDOOR_WEB_DIST } : {}),
      });
    const program = start('127.0.0.1:0');
    const url = (await program.waitFor(/listening on (http:\/\/\S+)/))[1]!;
    return new Server(program, url, folder, start);
  }

  get address(): string {
    return new URL(this.url).host;
  }

  said(): string {
    return this.program.said();
  }

  /** Ends it and starts it again on the same port and data. */
  async restart(whileDown: () => Promise<void> = async () => {}): Promise<void> {
    await this.program.stop('SIGKILL');
    await whileDown();
    this.program = this.start_(this.address);
    await this.program.waitFor(/listening on (http:\/\/\S+)/);
  }

  /** All rows of a statement, as a client that shows its password. */
  async sql(sql: string, user = 'root', password = PASSWORD): Promise<Row[]> {
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    let answer = await fetch(`${this.url}/v1/query`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ sql }),
    });
    const rows: Row[] = [];
    for (;;) {
      const page = (await answer.json()) as { error: { message: string } | null; data: Row[]; next_uri: string | null };
      if (page.error) throw new Error(`${sql}: ${page.error.message}`);
      rows.push(...page.data);
      if (!page.next_uri) return rows;
      answer = await fetch(this.url + page.next_uri, { headers: { authorization } });
    }
  }

  async stop(): Promise<void> {
    await this.program.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
