import { quoteLocation, quoteString } from '../sql/quote.ts';

export interface Snippet {
  title: string;
  sql: string;
}

/** Statements that use a file as it lies there. */
export function snippetsFor(stage: string, path: string): Snippet[] {
  const place = quoteLocation(stage, path);
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : '';
  const suffix = /\.[\w.]+$/.exec(path)?.[0] ?? '';
  const pattern = suffix ? quoteString(`.*${suffix.replaceAll('.', '\\.')}`) : "'.*'";
  return [
    { title: 'Rows of this file', sql: `SELECT *\nFROM ${place}\nLIMIT 100` },
    { title: 'How many rows it has', sql: `SELECT count(*)\nFROM ${place}` },
    {
      title: 'All files like it in the folder',
      sql: `SELECT *\nFROM ${quoteLocation(stage, folder)} (PATTERN => ${pattern})\nLIMIT 100`,
    },
    { title: 'Its columns', sql: `SELECT *\nFROM infer_schema(location => ${quoteString(`@${stage}/${path}`)})` },
  ];
}
