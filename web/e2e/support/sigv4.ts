import { createHash, createHmac } from 'node:crypto';

/** Long-lived keys of an account's root or a user. */
export interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
}

export interface AwsRequest {
  method: string;
  url: string;
  service: 'iam' | 'kms' | 's3' | 'sts';
  /** `us-east-1` without it. */
  region?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}

const REGION = 'us-east-1';

/** Sends a request signed as the AWS SDKs sign (Signature Version 4), so that the tests need no SDK. */
export async function sendSigned(keys: Keys, request: AwsRequest): Promise<string> {
  const url = new URL(request.url);
  const region = request.region ?? REGION;
  const body = request.body ?? '';
  const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = time.slice(0, 8);
  const payload = createHash('sha256').update(body).digest('hex');
  const headers: Record<string, string> = {
    ...request.headers,
    host: url.host,
    'x-amz-content-sha256': payload,
    'x-amz-date': time,
  };
  const names = Object.keys(headers)
    .map((name) => name.toLowerCase())
    .sort();
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value.trim()]));
  const query = [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const canonical = [
    request.method,
    // S3 signs the path as it is sent, others encode it once more; our paths need neither.
    url.pathname,
    query,
    ...names.map((name) => `${name}:${lower[name]}`),
    '',
    names.join(';'),
    payload,
  ].join('\n');
  const scope = `${day}/${region}/${request.service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', time, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  let key: Buffer = createHmac('sha256', `AWS4${keys.secretAccessKey}`).update(day).digest();
  for (const part of [region, request.service, 'aws4_request']) key = createHmac('sha256', key).update(part).digest();
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  const answer = await fetch(url, {
    method: request.method,
    headers: { ...headers, authorization },
    body: request.method === 'GET' ? undefined : (body as BodyInit),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${request.method} ${request.url} ${String(request.body ?? '').slice(0, 200)}: ${answer.status} ${text}`);
  return text;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}
