// Names of query parameters whose values let their holder in: words that tell by themselves, words that
// tell where they stand alone in a name, and names that tell as a whole.
const secretWord =
  /token|secret|passw|passphrase|signature|credential|(?:api|access|private)[-_]?key|bearer|authorization|session|sess_?id|assertion|jwt|^x-amz-/i;
const secretPart = /(?<![a-z\d])(?:pass|pwd|sid|otp|sig)(?![a-z\d])/i;
const secretName = /(?:^|\[)(?:key|auth|code)(?:$|\])/i;

// Up to the last `@`, as URLs are read; encoded as well, for URLs within a parameter.
const userinfo = /(\/\/|:\/)[^/?#]*@/g;
const userinfoInQuery = /(\/\/|:\/|%2f%2f)(?:(?!%2f|%3f|%23)[^/?#&])*(?:@|%40)/gi;

/** A request's target, cut into path and query, with what must not be stored masked. */
export function target(url: string): { readonly path: string; readonly query: string } {
  const at = url.indexOf('?');
  const path = at === -1 ? url : url.slice(0, at);
  return {
    path: path.includes('@') ? path.replace(userinfo, '$1***@') : path,
    query: at === -1 ? '' : maskQuery(url.slice(at + 1)),
  };
}

function maskQuery(query: string): string {
  const text = /@|%40/.test(query) ? query.replace(userinfoInQuery, '$1***@') : query;
  return text.replace(/[^&;]+/g, (parameter) => {
    const at = parameter.indexOf('=');
    return at > 0 && isSecret(parameter.slice(0, at)) ? `${parameter.slice(0, at)}=***` : parameter;
  });
}

function isSecret(encoded: string): boolean {
  const name = decoded(encoded);
  return secretWord.test(name) || secretPart.test(name) || secretName.test(name);
}

function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // not UTF-8, or a lone percent sign
  }
}
