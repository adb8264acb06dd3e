// Decides what is recorded of a request's target. The masking itself is loaded with the first target that seems to
// need it, because most targets contain nothing to mask.

// Contains a part of each name that tells of a secret, and the characters of userinfo and encoding.
// `url-secrets.ts` has the full names.
const suspectQuery =
  /[%@\\]|[^\0-\x7f]|eyJ|tok|tkn|sec|pass|pw|psw|mdp|kennw|contras|wacht|senha|salas|losen|heslo|haslo|parola|clave|pgt|wres|sig|cred|key|bear|auth|ses|assert|jwt|amz|sid|otp|code|tick|saml|verif|hmac|nonce|state|csrf|xsrf|cook|pin|cv[vc]|ssn|mfa/i;
const suspectPath = /[%@#="']|eyJ/;

// Far more than is recorded of a text. The expressions there need stack for each character of some texts.
const maxLength = 64 * 1024;
// The part of a longer text that is shown.
const maxShown = 1024;

export interface Target {
  readonly path: string;
  readonly query: string;
}

/** A request's target, cut into path and query, with its secrets masked. */
export function requestTarget(whole: string): Target {
  const at = whole.indexOf('?');
  const path = at === -1 ? whole : whole.slice(0, at);
  const query = at === -1 ? '' : whole.slice(at + 1);
  if (whole.length <= maxLength) return maskedWhereNeeded(path, query);
  const shown = maskedWhereNeeded(path.slice(0, maxLength), query.slice(0, maxLength));
  return { path: short(shown.path, path.length), query: short(shown.query, query.length) };
}

/**
 * The beginning of a long part, with its length. It is cut after it is masked, because a cut may separate a secret
 * from its name.
 */
function short(text: string, length: number): string {
  return length <= maxLength ? text : `${text.slice(0, maxShown)}… (${length} characters)`;
}

function maskedWhereNeeded(path: string, query: string): Target {
  if (!suspectPath.test(path) && (query === '' || !suspectQuery.test(query))) return { path, query };
  return masked(path, query);
}

function masked(path: string, query: string): Target {
  let secrets: typeof import('./url-secrets.js');
  try {
    secrets = require('./url-secrets.js') as typeof import('./url-secrets.js');
  } catch {
    // No file can be opened now. A target that cannot be masked is not recorded.
    return { path: '***', query: '' };
  }
  return secrets.maskTarget(path, query);
}
