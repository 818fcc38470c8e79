import { expect, it } from 'vitest';
import { grantStatement, revokeStatement, showGrants } from './access.ts';

it.each([
  [['ROLE', 'analyst', '', { kind: 'USER', name: "o'neil" }], "GRANT ROLE analyst TO USER 'o''neil'"],
  [['STAGE', 'lake', 'READ', { kind: 'ROLE', name: 'analyst' }], 'GRANT READ ON STAGE lake TO ROLE analyst'],
  [['CONNECTION', 'Sales', 'ACCESS CONNECTION', { kind: 'ROLE', name: 'a' }], 'GRANT ACCESS CONNECTION ON CONNECTION "Sales" TO ROLE a'],
  [['*.*', 'ignored', 'CREATE STAGE', { kind: 'ROLE', name: 'my role' }], 'GRANT CREATE STAGE ON *.* TO ROLE "my role"'],
] as const)('%j', ([object, name, privilege, to], sql) => {
  expect(grantStatement(object, name, privilege, to)).toBe(sql);
});

it('takes back what was given', () => {
  const analyst = { kind: 'ROLE', name: 'analyst' } as const;
  expect(revokeStatement('GRANT READ ON STAGE lake TO ROLE `analyst`', analyst)).toBe(
    'REVOKE READ ON STAGE lake FROM ROLE analyst',
  );
  expect(revokeStatement("GRANT ROLE analyst TO 'o'neil'@'%'", { kind: 'USER', name: "o'neil" })).toBe(
    "REVOKE ROLE analyst FROM USER 'o''neil'",
  );
  expect(revokeStatement('GRANT OWNERSHIP ON STAGE lake TO ROLE `analyst`', analyst)).toBeNull();
  expect(revokeStatement('', analyst)).toBeNull();
});

it('asks for the grants of one', () => {
  expect(showGrants({ kind: 'USER', name: 'ann' })).toBe("SHOW GRANTS FOR USER 'ann'");
});
