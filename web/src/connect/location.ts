/** A place in S3 as people paste it, taken apart. */
export interface BucketLocation {
  bucket: string;
  /** Empty, or a path that ends in `/`. */
  prefix: string;
  /** What was changed on the way, to be said. */
  notes: string[];
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Reads `s3://bucket/path`, an ARN, a URL of S3 or of its console, or a bare name. Throws what is wrong. */
export function parseLocation(input: string): BucketLocation {
  const text = input.trim().replace(/^["'`]|["'`]$/g, '');
  if (!text) throw new Error('Paste the bucket: s3://bucket/folder/, its ARN, or its address');
  const notes: string[] = [];
  const [bucket, path] = split(text, notes);
  checkBucket(bucket);
  let prefix = path.replace(/^\/+/, '').replace(/[*?].*$/, '');
  if (prefix && !prefix.endsWith('/')) {
    const last = prefix.slice(prefix.lastIndexOf('/') + 1);
    if (/\.\w{1,8}$/.test(last)) {
      prefix = prefix.slice(0, prefix.length - last.length);
      notes.push(`A stage is a folder: ${last} is in ${prefix || 'the bucket itself'}.`);
    } else {
      prefix = `${prefix}/`;
      notes.push('A / was added at the end.');
    }
  }
  return { bucket, prefix, notes };
}

function split(text: string, notes: string[]): [string, string] {
  const s3 = /^s3[an]?:\/\/([^/]*)(.*)$/i.exec(text);
  if (s3) return [s3[1] as string, s3[2] as string];
  const arn = /^arn:aws[\w-]*:s3:::([^/]*)(.*)$/i.exec(text);
  if (arn) return [arn[1] as string, arn[2] as string];
  if (/^https?:\/\//i.test(text)) return splitUrl(text, notes);
  if (/^(gs|gcs|az|abfss?|oss|cos|hdfs|file):/i.test(text)) {
    throw new Error(`Only S3 can be connected: ${text.split(':')[0]}: is another storage`);
  }
  const slash = text.indexOf('/');
  return slash < 0 ? [text, ''] : [text.slice(0, slash), text.slice(slash)];
}

function splitUrl(text: string, notes: string[]): [string, string] {
  const url = new URL(text);
  const path = decodeURIComponent(url.pathname);
  if (/console\.aws\.amazon\.com$/.test(url.hostname)) {
    const bucket = /\/s3\/buckets\/([^/?]+)/.exec(path)?.[1];
    if (!bucket) throw new Error('This page of the console shows no bucket: open the bucket first');
    notes.push('Read from the address of the AWS console.');
    return [bucket, url.searchParams.get('prefix') ?? ''];
  }
  const virtual = /^(.+)\.s3[.-](?:[\w-]+\.)*amazonaws\.com(?:\.cn)?$/.exec(url.hostname);
  if (virtual) return [virtual[1] as string, path];
  if (/^s3[.-](?:[\w-]+\.)*amazonaws\.com(?:\.cn)?$/.test(url.hostname)) {
    const [, bucket = '', ...rest] = path.split('/');
    return [bucket, rest.join('/')];
  }
  throw new Error(`${url.hostname} is no address of S3`);
}

function checkBucket(bucket: string): void {
  if (!bucket) throw new Error('The name of the bucket is missing');
  if (/[A-Z]/.test(bucket)) throw new Error(`Names of buckets have no capitals: ${bucket.toLowerCase()}?`);
  if (/_/.test(bucket)) throw new Error('Names of buckets have no underscore');
  if (!BUCKET.test(bucket)) throw new Error(`${bucket} cannot be the name of a bucket`);
}

/** A name for connection and stage, out of the bucket's. */
export function nameFor({ bucket, prefix }: { bucket: string; prefix: string }): string {
  const last = prefix.split('/').filter(Boolean).at(-1) ?? '';
  const name = `${bucket}${last ? `_${last}` : ''}`.toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '');
  return /^[0-9]/.test(name) ? `s_${name}` : name.slice(0, 60);
}

/** The ARN of a role as it was pasted: trimmed, or why it is none. */
export function readRoleArn(input: string): { arn: string; account: string; name: string } {
  // The CLI text prints statements with the ARN in them; people paste all of it.
  const within = /arn:aws[\w-]*:iam::\d{12}:role\/[\w+=,.@/-]+/.exec(input.includes('\n') || input.includes('=') ? input : '');
  const arn = within?.[0] ?? input.replace(/\s+/g, '').replace(/^["'`]+|["'`,;]+$/g, '');
  if (!arn) throw new Error('Paste the ARN of the role');
  const parts = /^arn:(aws|aws-cn|aws-us-gov):(\w*):([^:]*):([^:]*):(.*)$/.exec(arn);
  if (!parts) throw new Error('An ARN looks like arn:aws:iam::123456789012:role/name');
  const [, , service, region, account = '', resource = ''] = parts;
  if (service === 'sts' && resource.startsWith('assumed-role/')) {
    const role = resource.split('/')[1] ?? 'name';
    throw new Error(`This is a session of the role: paste arn:aws:iam::${account}:role/${role}`);
  }
  if (service !== 'iam' || region) throw new Error(`This is an ARN of ${service || 'no service'}, not of an IAM role`);
  if (!/^\d{12}$/.test(account)) throw new Error(`An account has 12 digits, this has ${account.length}`);
  if (resource.startsWith('user/')) throw new Error('This is a user: a role is needed, which we assume without any key');
  if (resource.startsWith('policy/')) throw new Error('This is the policy: paste the ARN of the role it is attached to');
  if (!/^role\/[\w+=,.@/-]+$/.test(resource) || resource.endsWith('/')) throw new Error('The name of the role is missing');
  return { arn, account, name: resource.slice(resource.lastIndexOf('/') + 1) };
}
