// What of a request's target is recorded. The masking itself is loaded with the first target that seems to need it:
// most have nothing in them that it looks for.

// A part of each name that tells of a secret, of userinfo and of whatever is encoded. `url-secrets.ts` has the names.
const suspectQuery =
  /[%@\\]|[^\0-\x7f]|eyJ|tok|tkn|sec|pass|pw|psw|mdp|kennw|contras|wacht|senha|salas|losen|heslo|haslo|parola|clave|pgt|wres|sig|cred|key|bear|auth|ses|assert|jwt|amz|sid|otp|code|tick|saml|verif|hmac|nonce|state|csrf|xsrf|cook|pin|cv[vc]|ssn|mfa/i;
const suspectPath = /[%@#="']|eyJ/;

// Far more than is recorded of a text; the expressions there need stack for each character of some texts.
const maxLength = 64 * 1024;
// Of a part that is longer.
const maxShown = 1024;

export interface Target {
  readonly path: string;
  readonly query: string;
}

/** A request's target, cut into path and query, with what must not be stored masked. */
export function requestTarget(whole: string): Target {
  const at = whole.indexOf('?');
  const path = at === -1 ? whole : whole.slice(0, at);
  const query = at === -1 ? '' : whole.slice(at + 1);
  if (whole.length <= maxLength) return maskedWhereNeeded(path, query);
  const shown = maskedWhereNeeded(path.slice(0, maxLength), query.slice(0, maxLength));
  return { path: short(shown.path, path.length), query: short(shown.query, query.length) };
}

/** Of a long part the beginning and its length. It is cut when it is masked: a cut may part a secret from its name. */
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
    // No file can be opened now. What can't be masked is not recorded.
    return { path: '***', query: '' };
  }
  return secrets.maskTarget(path, query);
}
