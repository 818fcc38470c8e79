/**
 * A nested value with a line for each part. The text is laid out as it is, character by character: parsing it as
 * JSON would round its numbers, and tuples are no JSON.
 */
export function prettyNested(text: string): string | null {
  let out = '';
  let depth = 0;
  const indent = () => `\n${'  '.repeat(depth)}`;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] as string;
    if (character === '"' || character === "'") {
      const end = endOfText(text, at);
      out += text.slice(at, end);
      at = end - 1;
    } else if ('[{('.includes(character)) {
      const close = ']})'['[{('.indexOf(character)] as string;
      const next = /^\s*/.exec(text.slice(at + 1))?.[0].length ?? 0;
      if (text[at + 1 + next] === close) {
        out += character + close;
        at += 1 + next;
      } else {
        depth += 1;
        out += character + indent();
      }
    } else if (']})'.includes(character)) {
      depth -= 1;
      if (depth < 0) return null;
      out += indent() + character;
    } else if (character === ',') {
      out += `,${indent()}`;
      while (text[at + 1] === ' ') at += 1;
    } else if (character === ':') {
      out += ': ';
      while (text[at + 1] === ' ') at += 1;
    } else out += character;
  }
  return depth === 0 ? out : null;
}

function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === text[start]) return at + 1;
  }
  return text.length;
}

/** Hexadecimal digits as sixteen bytes a line, with the characters that can be read. */
export function hexLines(hex: string): string {
  const lines: string[] = [];
  for (let at = 0; at < hex.length; at += 32) {
    const bytes = hex.slice(at, at + 32).match(/../g) ?? [];
    const shown = bytes
      .map((byte) => Number.parseInt(byte, 16))
      .map((code) => (code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '·'))
      .join('');
    lines.push(`${(at / 2).toString(16).padStart(6, '0')}  ${bytes.join(' ').toLowerCase().padEnd(47)}  ${shown}`);
  }
  return lines.join('\n');
}
