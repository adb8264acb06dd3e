// Names of query parameters whose values let their holder in: words that tell by themselves, words that
// tell where they stand alone in a name, and names that tell as a whole.
const secretWord =
  /token|secret|passw|passphrase|signature|credential|(?:api|access|private)[-_]?key|bearer|authorization|session|sess_?id|assertion|jwt|^x-amz-/i;
const secretPart = /(?<![a-z\d])(?:pass|pwd|sid|otp|sig)(?![a-z\d])/i;
const secretName = /(?:^|\[)(?:key|auth|code)(?:$|\])/i;

// A part of each of these, of userinfo and of whatever is encoded: where there is none of them, there is
// nothing to mask, and most queries have none.
const suspect = /[%@]|tok|sec|pass|pwd|sig|cred|key|bear|auth|ses|assert|jwt|amz|sid|otp|code/i;

// Up to the last `@`, as URLs are read; encoded as well, for URLs within a path or a parameter.
const userinfo = /(\/\/|:\/|%2f%2f|%3a%2f|^[a-z][a-z\d+.-]*:)(?:(?!%2f|%3f|%23)[^/?#])*(?:@|%40)/gi;
const userinfoInQuery = /(\/\/|:\/|%2f%2f|%3a%2f)(?:(?!%2f|%3f|%23)[^/?#&])*(?:@|%40)/gi;

// What stands before an `=`, also in a URL that is a parameter of this one, as it is or encoded.
const name = /(?:^|[;?#]|%3b|%3f|%23|%26)((?:(?!%3b|%3f|%23|%26|%3d)[^;?#=])+)(?:=|%3d)/gi;

// Far more than is recorded of a text; the expressions below need stack for each character of some texts.
const maxLength = 64 * 1024;
// Of a part that is longer.
const maxShown = 1024;

/** A request's target, cut into path and query, with what must not be stored masked. */
export function target(whole: string): { readonly path: string; readonly query: string } {
  const at = whole.indexOf('?');
  const path = at === -1 ? whole : whole.slice(0, at);
  const query = at === -1 ? '' : whole.slice(at + 1);
  return { path: short(path, maskUser), query: short(query, maskQuery) };
}

/** A part, masked; of a long one the beginning and its length. */
function short(part: string, mask: (text: string) => string): string {
  if (part.length <= maxLength) return mask(part);
  // Masked before it is cut: a cut may part a secret from the name that tells.
  return `${mask(part.slice(0, maxLength)).slice(0, maxShown)}… (${part.length} characters)`;
}

function maskUser(path: string): string {
  return mayHoldUser(path) ? path.replace(userinfo, '$1***@') : path;
}

function mayHoldUser(text: string): boolean {
  return text.includes('@') || text.includes('%40');
}

function maskQuery(query: string): string {
  if (!suspect.test(query)) return query;
  const text = mayHoldUser(query) ? query.replace(userinfoInQuery, '$1***@') : query;
  return text.replace(/[^&]+/g, maskParameter);
}

/** Whatever follows a secret's name may be a part of it, also where some would see another parameter. */
function maskParameter(parameter: string): string {
  for (const match of parameter.matchAll(name)) {
    if (isSecret(match[1]!)) return `${parameter.slice(0, match.index + match[0].length)}***`;
  }
  return parameter;
}

function isSecret(encoded: string): boolean {
  const text = decoded(encoded);
  return secretWord.test(text) || secretPart.test(text) || secretName.test(text);
}

/** All that the names of secrets consist of is ASCII. */
function decoded(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/%([0-7][\da-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
