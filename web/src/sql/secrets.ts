import { skipToken } from './statements.ts';

const MASK = "'***'";
/** Parameters and clauses whose value is nobody's to keep. */
const SECRET = /(?:\b(?:secret_access_key|aws_secret_key|session_token|aws_token|security_token|master_key|password)\s*=>?\s*|\bidentified\s+(?:with\s+\w+\s+)?by\s+)$/i;

const HINT = /secret|token|master_key|password|identified/i;

/**
 * The text without the secrets in it: what is saved, here or on the server, and what is shared. Only whoever types a
 * secret has it, for as long as the page is open.
 */
export function maskSecrets(text: string): string {
  // Most texts have nothing of the kind, and this runs as people type.
  if (!HINT.test(text)) return text;
  let masked = '';
  let done = 0;
  for (let at = 0; at < text.length; ) {
    const next = skipToken(text, at);
    // A mask that is one already, and an empty value, hide nothing.
    if (text[at] === "'" && next - at > 2 && SECRET.test(text.slice(Math.max(0, at - 120), at))) {
      masked += text.slice(done, at) + MASK;
      done = next;
    }
    at = next;
  }
  return masked + text.slice(done);
}
