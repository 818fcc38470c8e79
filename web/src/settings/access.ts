import { quoteName, quoteString } from '../sql/quote.ts';

export type Grantee = { kind: 'USER' | 'ROLE'; name: string };

/** What can be given on one kind of thing. */
export const OBJECTS: { id: string; label: string; privileges: string[]; isNamed: boolean }[] = [
  { id: 'ROLE', label: 'a role', privileges: [], isNamed: true },
  { id: 'STAGE', label: 'a stage', privileges: ['READ', 'WRITE', 'ALL'], isNamed: true },
  { id: 'CONNECTION', label: 'a connection', privileges: ['ACCESS CONNECTION', 'ALL'], isNamed: true },
  {
    id: '*.*',
    label: 'everything',
    privileges: ['CREATE CONNECTION', 'CREATE STAGE', 'CREATE USER', 'CREATE ROLE', 'GRANT', 'ALL'],
    isNamed: false,
  },
];

function granteeOf({ kind, name }: Grantee): string {
  return `${kind} ${kind === 'USER' ? quoteString(name) : quoteName(name)}`;
}

/** `GRANT READ ON STAGE lake TO ROLE analyst`. */
export function grantStatement(object: string, name: string, privilege: string, to: Grantee): string {
  if (object === 'ROLE') return `GRANT ROLE ${quoteName(name)} TO ${granteeOf(to)}`;
  const on = object === '*.*' ? '*.*' : `${object} ${quoteName(name)}`;
  return `GRANT ${privilege} ON ${on} TO ${granteeOf(to)}`;
}

/**
 * The statement that takes back what a row of SHOW GRANTS tells; null for what GRANT did not give. The grantee is written
 * anew, since the row's text may not quote it.
 */
export function revokeStatement(grant: string, from: Grantee): string | null {
  const match = /^GRANT (.*) TO .*$/is.exec(grant.trim());
  if (!match || /^OWNERSHIP\b/i.test(match[1] as string)) return null;
  return `REVOKE ${match[1]} FROM ${granteeOf(from)}`;
}

export function showGrants(grantee: Grantee): string {
  return `SHOW GRANTS FOR ${granteeOf(grantee)}`;
}
