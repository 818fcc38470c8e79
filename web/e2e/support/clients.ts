import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { CUSTOMER, type Cloud } from './cloud.ts';

/** A real client that `cargo xtask test` has installed; it says where by a variable. */
function client(variable: string): string {
  const path = process.env[variable];
  if (!path) throw new Error(`${variable} says where the client is; \`cargo xtask test --web\` sets it`);
  return path;
}

/** Runs a text in a shell, with awscli and the customer's root keys; gives what it printed. */
export function runInShell(cloud: Cloud, text: string): string {
  const aws = client('AWS_BIN');
  const { accessKeyId, secretAccessKey } = cloud.root(CUSTOMER);
  return run('bash', ['-eu', '-o', 'pipefail', '-c', text], {
    PATH: `${dirname(aws)}:${process.env.PATH}`,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_ENDPOINT_URL: cloud.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_PAGER: '',
  });
}

/** Runs one statement in BendSQL; gives what it printed, and throws with what it said when it fails. */
export function bendsql(dsn: string, statement: string): string {
  return run(client('BENDSQL_BIN'), ['--dsn', dsn, `--query=${statement}`], {});
}

function run(program: string, args: string[], env: Record<string, string>): string {
  return execFileSync(program, args, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    encoding: 'utf8',
    timeout: 120_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
