import { selectRows } from '../api/query.ts';
import type { SetupForm } from './draft.svelte.ts';

/** One thing to do at AWS. */
export interface SetupStep {
  title: string;
  language: string;
  text: string;
}

export const FORMS: { id: SetupForm; label: string; file: string }[] = [
  { id: 'CLI', label: 'AWS CLI', file: 'stagedoor-role.sh' },
  { id: 'CLOUDFORMATION', label: 'CloudFormation', file: 'stagedoor-role.yaml' },
  { id: 'TERRAFORM', label: 'Terraform', file: 'stagedoor-role.tf' },
  { id: 'CONSOLE', label: 'Console', file: 'stagedoor-role.txt' },
  { id: 'JSON', label: 'JSON', file: 'stagedoor-role.json' },
];

/** Rows of `SHOW SETUP`, whatever else they hold. */
export function stepsOf(rows: Record<string, string | null>[]): SetupStep[] {
  return rows.map((row, index) => ({
    title: row.title ?? `Step ${row.step ?? index + 1}`,
    language: row.language ?? '',
    text: row.text ?? '',
  }));
}

export async function readSetup(statement: string): Promise<SetupStep[]> {
  return stepsOf(await selectRows(statement));
}

/** The three facts that people type by hand where they do not paste a whole text. */
export interface SetupFacts {
  principal: string;
  externalId: string;
  trustPolicy: string;
  rolePolicy: string;
}

/** Reads them from the JSON form: the trust policy is the document that names `sts:AssumeRole`. */
export function factsOf(steps: SetupStep[]): SetupFacts {
  const documents = steps.filter((step) => step.text.trimStart().startsWith('{'));
  const trustPolicy = documents.find((step) => step.text.includes('sts:AssumeRole'))?.text ?? '';
  const rolePolicy = documents.find((step) => step.text.includes('s3:'))?.text ?? '';
  const externalId = /"sts:ExternalId":\s*"((?:[^"\\]|\\.)*)"/.exec(trustPolicy)?.[1] ?? '';
  const principal = /"AWS":\s*\[?\s*"([^"]+)"/.exec(trustPolicy)?.[1] ?? '';
  return { principal, externalId: externalId.replaceAll('${*}', '*').replaceAll('${?}', '?'), trustPolicy, rolePolicy };
}
