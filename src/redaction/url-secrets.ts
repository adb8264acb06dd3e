// Masks secrets in URLs: passwords before a host, and the values of parameters whose names tell of a secret, in
// queries, fragments and paths, and in URLs that are parts of these, however often they are encoded.
import type { Target } from './url.js';

// Words that tell of a secret anywhere in a name, words that do so only as a part of their own, and names that do
// so as a whole.
const secretWord =
  /token|tkn|secret|passw|passphrase|passcode|passkey|signature|credential|bearer|authorization|session|sess_?id|pswd|kennwort|contrase|wachtwoord|mot_?de_?passe|salasana|losenord|wresult|assertion|jwt|saml(?:request|response|art)|verifier|hmac|[cx]srf|cookie|^x-amz-/i;
const secretKey =
  /(?:api|access|private|secret|app|application|auth|subscription|functions?|signing|encryption|master|consumer|client|shared|account|admin|reset|activation|license|security|licen[cs]e|webhook|host|bot|service|user|server|storage)[-_.]?key/i;
const secretCode =
  /(?:auth|device|user|otp|verification|verify|recovery|invite|invitation|access|security|reset|backup|sms|login|mfa|2fa|confirmation|activation)[-_.]?code/i;
const secretPart =
  /(?<![a-z\d])(?:pass|pwd|psw|pw|pword|mdp|senha|heslo|haslo|parola|clave|creds?|skey|vcode|pgt(?:id|iou)?|sid|otp|totp|mfa|sig|pin|cvv|cvc|ssn|nonce)\d{0,3}(?![a-z\d])/i;
const secretName = /(?:^|\[)(?:key|code)(?:$|[\][])|(?:^|[-_.[])(?:authz?|ticket)(?:$|[\][])/i;
// The value of these is a secret only if nobody could guess it: `state=CA` is none.
const secretIfLong = /^(?:relay)?state$/i;
const longSecret = 16;
const mostEncodings = 5;

// Separators, plain or encoded once or several times in either of two ways: `%3d`, `%253d`, `%u003d`.
const encoded = (codes: string): string => `%(?:25)*(?:u00)?(?:${codes})`;
const slashes = `\\/\\/|:\\/|${encoded('2f')}${encoded('2f')}|${encoded('3a')}${encoded('2f')}`;
const noPath = `(?!${encoded('2f|3f|23')})`;
const at = `(?:@|${encoded('40')})`;

// Reaches to the last `@`, as URLs are read. The `@` may be encoded, for URLs within a path or a parameter.
const userinfo = new RegExp(`(${slashes}|^[a-z][a-z\\d+.-]*:)(?:${noPath}[^/?#])*${at}`, 'gi');
const userinfoInQuery = new RegExp(`(${slashes})(?:${noPath}[^/?#&])*${at}`, 'gi');

// The name before an `=`, also in a URL that is a parameter of this one.
const name = new RegExp(
  `(?:^|[;?#&]|${encoded('3b|3f|23|26')})((?:(?!${encoded('3b|3f|23|26|3d')})[^;?#&=])+)(?:=|${encoded('3d')})`,
  'gi',
);

// The end of a name in JSON, and how much of the text before it may be that name.
const endOfJsonName = new RegExp(
  `(?:["']|${encoded('22|27')})(?:\\s|\\+|${encoded('20|09|0a|0d')})*(?::|${encoded('3a')})`,
  'gi',
);
const startOfJsonName = new RegExp(`^.*(?:["']|${encoded('22|27')})`, 'is');
const longestJsonName = 128;

// A JWT is recognised by its parts, wherever it stands. It begins where a run of its characters begins.
const jsonWebToken = /(?:(?<![\w-])|(?<=%[\da-f]{2}))eyJ[\w-]+(?:(?:\.|%(?:25)*2e)[\w-]*)+/gi;

/** @param query without its question mark */
export function maskTarget(path: string, query: string): Target {
  const hash = path.indexOf('#');
  if (hash === -1) return { path: maskPath(path), query: maskQuery(query) };
  // A fragment reaches to the end, including question marks.
  const fragment = path.slice(hash + 1) + (query === '' ? '' : `?${query}`);
  return { path: `${maskPath(path.slice(0, hash))}#${maskQuery(fragment)}`, query: '' };
}

function maskPath(path: string): string {
  const text = withoutTokens(mayHoldUser(path) ? path.replace(userinfo, '$1***@') : path);
  return /[=%"']/.test(text) ? text.replace(/[^/]+/g, maskParameter) : text;
}

function maskQuery(query: string): string {
  const text = withoutTokens(mayHoldUser(query) ? query.replace(userinfoInQuery, '$1***@') : query);
  return text.replace(/[^&]+/g, maskParameter);
}

function mayHoldUser(text: string): boolean {
  return text.includes('@') || /%(?:25)*(?:u00)?40/i.test(text);
}

function withoutTokens(text: string): string {
  return text.includes('eyJ') ? text.replace(jsonWebToken, '***') : text;
}

/** Everything behind a secret's name may be part of the secret, even where some readers see another parameter. */
function maskParameter(parameter: string): string {
  const start = Math.min(secretStart(parameter), secretStartInJson(parameter));
  return start < parameter.length ? `${parameter.slice(0, start)}***` : parameter;
}

/** The beginning of the first secret; `Infinity` if there is none. */
function secretStart(parameter: string): number {
  for (const match of parameter.matchAll(name)) {
    const start = match.index + match[0].length;
    if (isSecret(match[1]!, parameter.length - start)) return start;
  }
  return Infinity;
}

/** The same for JSON, as in `q={"password":"x"}`. */
function secretStartInJson(parameter: string): number {
  for (const { index, 0: end } of parameter.matchAll(endOfJsonName)) {
    const before = parameter.slice(Math.max(0, index - longestJsonName), index);
    const start = index + end.length;
    if (isSecret(before.replace(startOfJsonName, ''), parameter.length - start)) return start;
  }
  return Infinity;
}

/** Whether the name of a value tells that the value is a secret. */
export const isSecretName = (text: string): boolean => isSecret(text, 0);

function isSecret(encodedName: string, valueLength: number): boolean {
  const text = decoded(encodedName);
  return (
    secretWord.test(text) ||
    secretKey.test(text) ||
    secretCode.test(text) ||
    // `userPwd` has the same parts as `user_pwd`.
    secretPart.test(text.replace(/(?<=[a-z\d])(?=[A-Z])/g, '_')) ||
    secretName.test(text) ||
    (valueLength >= longSecret && secretIfLong.test(text))
  );
}

/** A name in ASCII letters, if it looks like one. It is decoded as often as it may have been encoded. */
function decoded(encodedName: string): string {
  let text = encodedName;
  for (let i = 0; i < mostEncodings && /[%\\]/.test(text); i++) {
    text = text.replace(/[%\\]u([\da-f]{4})|%([\da-f]{2})/gi, (_, long?: string, short?: string) =>
      String.fromCharCode(Number.parseInt(long ?? short ?? '', 16)),
    );
  }
  if (/^[ -[\]-~]*$/.test(text)) return text;
  return text
    .replace(/[\x80-\xff]+/g, (bytes) => Buffer.from(bytes, 'latin1').toString())
    .normalize('NFKC')
    .replace(/[\\\p{Cc}\p{Cf}]+/gu, '');
}
