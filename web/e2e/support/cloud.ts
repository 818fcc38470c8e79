import { Program } from './process.ts';
import { sendSigned, type Keys } from './sigv4.ts';

export const PROVIDER = '123456789012';
export const CUSTOMER = '987654321987';
/** The role that customers trust. */
export const PRINCIPAL = `arn:aws:iam::${PROVIDER}:role/stagedoor/tn3default/stagedoor-tn3default`;

const VERSION = '2010-05-08';

/** `stagedoor sandbox`: S3, STS and IAM with every policy enforced. */
export class Cloud {
  private constructor(
    private readonly program: Program,
    readonly endpoint: string,
    private readonly roots: Map<string, Keys>,
  ) {}

  static async start(): Promise<Cloud> {
    const program = Program.start('the sandbox', ['sandbox', '--listen', '127.0.0.1:0'], {});
    const endpoint = (await program.waitFor(/AWS_ENDPOINT_URL=(http:\/\/\S+)/))[1]!;
    await program.waitFor(/(AWS_SECRET_ACCESS_KEY=\S+[\s\S]*){2}/);
    const roots = new Map<string, Keys>();
    let account = '';
    let accessKeyId = '';
    for (const line of program.said().split('\n')) {
      account = line.match(/\b(\d{12})\b/)?.[1] ?? account;
      accessKeyId = line.match(/AWS_ACCESS_KEY_ID=(\S+)/)?.[1] ?? accessKeyId;
      const secretAccessKey = line.match(/AWS_SECRET_ACCESS_KEY=(\S+)/)?.[1];
      if (secretAccessKey) roots.set(account, { accessKeyId, secretAccessKey });
    }
    return new Cloud(program, endpoint, roots);
  }

  /** The keys of an account's root, as awscli takes them. */
  root(account: string): Keys {
    const keys = this.roots.get(account);
    if (!keys) throw new Error(`the sandbox has no account ${account}: ${this.program.said()}`);
    return keys;
  }

  /** One call of IAM, as an account's root. */
  iam(account: string, action: string, parameters: Record<string, string>): Promise<string> {
    const body = new URLSearchParams({ Action: action, Version: VERSION, ...parameters }).toString();
    return sendSigned(this.root(account), {
      method: 'POST',
      url: `${this.endpoint}/`,
      service: 'iam',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
    });
  }

  /** One call of S3 with the root keys of an account. */
  s3(
    method: string,
    path: string,
    body?: string | Uint8Array,
    { account = CUSTOMER, ...more }: { account?: string; region?: string; headers?: Record<string, string> } = {},
  ): Promise<string> {
    return sendSigned(this.root(account), { method, url: `${this.endpoint}/${path}`, service: 's3', body, ...more });
  }

  /** One call of KMS with the customer's keys. */
  async kms(action: string, parameters: Record<string, unknown>): Promise<any> {
    const answer = await sendSigned(this.root(CUSTOMER), {
      method: 'POST',
      url: `${this.endpoint}/`,
      service: 'kms',
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `TrentService.${action}` },
      body: JSON.stringify(parameters),
    });
    return JSON.parse(answer);
  }

  /** What the provider does once: the server's user, and the principal that it may assume. */
  async prepareProvider(): Promise<Keys> {
    const answer = await this.iam(PROVIDER, 'CreateUser', { UserName: 'stagedoor-server' });
    const user = answer.match(/<Arn>([^<]+)<\/Arn>/)![1]!;
    await this.iam(PROVIDER, 'CreateRole', {
      Path: '/stagedoor/tn3default/',
      RoleName: 'stagedoor-tn3default',
      AssumeRolePolicyDocument: trust(user),
    });
    await this.iam(PROVIDER, 'PutRolePolicy', {
      RoleName: 'stagedoor-tn3default',
      PolicyName: 'assume-customers',
      PolicyDocument: allow('sts:AssumeRole', '*'),
    });
    await this.iam(PROVIDER, 'PutUserPolicy', {
      UserName: 'stagedoor-server',
      PolicyName: 'assume-principal',
      PolicyDocument: allow('sts:AssumeRole', PRINCIPAL),
    });
    const key = await this.iam(PROVIDER, 'CreateAccessKey', { UserName: 'stagedoor-server' });
    return {
      accessKeyId: key.match(/<AccessKeyId>([^<]+)</)![1]!,
      secretAccessKey: key.match(/<SecretAccessKey>([^<]+)</)![1]!,
    };
  }

  async stop(): Promise<void> {
    await this.program.stop();
  }
}

/** Numbers for names, so that tests of one file do not meet. */
let numbers = 0;

/** The customer's side: buckets, and roles for us to assume. */
export class Customer {
  constructor(private readonly cloud: Cloud) {}

  newName(kind: string): string {
    numbers += 1;
    return `${kind}-${process.pid}-${numbers}`;
  }

  async bucket(files: Record<string, string | Uint8Array> = {}, name = this.newName('bucket')): Promise<string> {
    await this.cloud.s3('PUT', name);
    for (const [key, content] of Object.entries(files)) await this.put(name, key, content);
    return name;
  }

  async put(bucket: string, key: string, content: string | Uint8Array): Promise<void> {
    const path = key.split('/').map(encodeURIComponent).join('/');
    await this.cloud.s3('PUT', `${bucket}/${path}`, content);
  }

  /** A role as the tutorial makes it; `statements` null: without a policy. */
  async role(
    options: { bucket?: string; externalId?: string; principal?: string; name?: string; statements?: unknown[] | null } = {},
  ): Promise<string> {
    const name = options.name ?? this.newName('role');
    await this.cloud.iam(CUSTOMER, 'CreateRole', {
      RoleName: name,
      AssumeRolePolicyDocument: trust(options.principal ?? PRINCIPAL, options.externalId),
    });
    const statements = options.statements ?? (options.bucket ? readStatements(options.bucket) : null);
    if (statements && options.statements !== null) await this.policy(name, statements);
    return `arn:aws:iam::${CUSTOMER}:role/${name}`;
  }

  /** Puts a role's policy in the place of the one it has. */
  async policy(role: string, statements: unknown[]): Promise<void> {
    await this.cloud.iam(CUSTOMER, 'PutRolePolicy', {
      RoleName: role,
      PolicyName: 'access',
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
    });
  }

  /** Puts a role's trust policy in the place of the one it has. */
  async trust(role: string, externalId?: string, principal = PRINCIPAL): Promise<void> {
    await this.cloud.iam(CUSTOMER, 'UpdateAssumeRolePolicy', {
      RoleName: role,
      PolicyDocument: trust(principal, externalId),
    });
  }
}

/** Both statements of the tutorial's policy. */
export function readStatements(bucket: string): unknown[] {
  return [
    { Effect: 'Allow', Action: 's3:ListBucket', Resource: `arn:aws:s3:::${bucket}` },
    { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], Resource: `arn:aws:s3:::${bucket}/*` },
  ];
}

export function trust(principal: string, externalId?: string): string {
  const statement: Record<string, unknown> = { Effect: 'Allow', Principal: { AWS: principal }, Action: 'sts:AssumeRole' };
  if (externalId !== undefined) statement.Condition = { StringEquals: { 'sts:ExternalId': externalId } };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}

function allow(action: string, resource: string): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: resource }] });
}
