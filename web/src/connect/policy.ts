type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

const ORDER = ['Version', 'Id', 'Statement', 'Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'];

/**
 * Two policies written alike, so that a comparison by line shows what differs and not how it was typed: members in
 * one order, one value and a list of one the same, lists sorted. What is no JSON stays as it is.
 */
export function alikePolicies(pasted: string, wanted: string): { pasted: string; wanted: string } {
  return { pasted: alike(pasted), wanted: alike(wanted) };
}

function alike(text: string): string {
  try {
    let document = JSON.parse(unescape(text)) as Json;
    // `aws iam get-role` without a query prints the role around its document.
    const role = isObject(document) ? (document.Role ?? document) : document;
    if (isObject(role) && role.AssumeRolePolicyDocument) document = role.AssumeRolePolicyDocument;
    else if (isObject(role) && role.PolicyDocument) document = role.PolicyDocument;
    if (isObject(document) && document.Statement !== undefined && !Array.isArray(document.Statement)) {
      document = { ...document, Statement: [document.Statement] };
    }
    return JSON.stringify(sorted(document), null, 2);
  } catch {
    return text.trim();
  }
}

/** IAM's own API answers with an URL-encoded document. */
function unescape(text: string): string {
  const trimmed = text.trim();
  return /^%7B/i.test(trimmed) ? decodeURIComponent(trimmed) : trimmed;
}

function isObject(value: Json): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(value: Json, key = ''): Json {
  if (Array.isArray(value)) {
    const items = value.map((item) => sorted(item));
    if (key === 'Statement') return items;
    if (items.length === 1) return items[0] as Json;
    return items.toSorted((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
  }
  if (!isObject(value)) return value;
  const rank = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  const names = Object.keys(value).toSorted((left, right) => rank(left) - rank(right) || (left < right ? -1 : 1));
  return Object.fromEntries(names.map((name) => [name, sorted(value[name] as Json, name)]));
}
