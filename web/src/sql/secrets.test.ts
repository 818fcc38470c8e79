import { expect, it } from 'vitest';
import { maskSecrets } from './secrets.ts';

it.each([
  ["CREATE CONNECTION c STORAGE_TYPE = 's3' ACCESS_KEY_ID = 'AKIA' SECRET_ACCESS_KEY = 'x''y;z' REGION = 'r'", "CREATE CONNECTION c STORAGE_TYPE = 's3' ACCESS_KEY_ID = 'AKIA' SECRET_ACCESS_KEY = '***' REGION = 'r'"],
  ["CREATE USER ann IDENTIFIED BY 'pass word'", "CREATE USER ann IDENTIFIED BY '***'"],
  ["ALTER USER a IDENTIFIED WITH sha256_password BY 'p'; SELECT 'kept'", "ALTER USER a IDENTIFIED WITH sha256_password BY '***'; SELECT 'kept'"],
  ["SELECT 1 -- session_token = 'in a comment'", "SELECT 1 -- session_token = 'in a comment'"],
  ["CREATE CONNECTION c ROLE_ARN = 'arn' EXTERNAL_ID = 'id'", "CREATE CONNECTION c ROLE_ARN = 'arn' EXTERNAL_ID = 'id'"],
  ["SESSION_TOKEN='open", "SESSION_TOKEN='***'"],
])('%s', (text, expected) => {
  expect(maskSecrets(text)).toBe(expected);
  expect(maskSecrets(expected)).toBe(expected);
});
