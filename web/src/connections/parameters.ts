/** `role_arn=arn:… external_id=…` taken apart; a value ends where the next ` key=` begins. */
export function parseParameters(text: string): [string, string][] {
  const found = [...text.matchAll(/(?:^|\s)([a-z_]+)=/g)];
  return found.map((match, index) => {
    const from = match.index + match[0].length;
    const to = found[index + 1]?.index ?? text.length;
    return [match[1] as string, text.slice(from, to).trim()];
  });
}
