// Reads the curl command that a browser copies, or a plain URL, as a request. Nothing of it is run, and no file is read.
import { bashWords } from './bash.js';
import { cmdWords, isForCmd } from './cmd.js';
import { type Draft, flags, ignored, ignoredValued, shortNames, takeUrl, valued } from './options.js';
import { CurlError } from './words.js';

export { CurlError } from './words.js';

/** A request as a command describes it. */
export interface CurlRequest {
  readonly url: string;
  readonly method: string;
  /** `Name: value` each. */
  readonly headers: readonly string[];
  readonly body: Buffer | undefined;
  /** `USER:PASSWORD` */
  readonly user: string | undefined;
  readonly isInsecure: boolean;
}

/**
 * Reads a command, or a URL.
 *
 * @throws CurlError if it is neither, or if it asks for what would not be sent
 */
export function parseCurl(text: string): CurlRequest {
  const pasted = text.trim();
  if (pasted === '') throw new CurlError('there is no command; expected one that begins with curl, or a URL');
  if (!/^curl(?:\.exe)?(?:\s|$)/i.test(pasted)) return plainUrl(pasted);
  const [, ...words] = isForCmd(pasted) ? cmdWords(pasted) : bashWords(pasted);
  const draft: Draft = {
    headers: [],
    data: [],
    isInsecure: false,
    isGet: false,
    isHead: false,
    isJson: false,
  };
  readWords(draft, words);
  return requestOf(draft);
}

function plainUrl(text: string): CurlRequest {
  if (/\s/.test(text)) {
    throw new CurlError(
      'the text does not begin with curl, and is no URL; in the browser: Network, right-click, Copy as cURL',
    );
  }
  return { url: text, method: 'GET', headers: [], body: undefined, user: undefined, isInsecure: false };
}

function readWords(draft: Draft, words: readonly Buffer[]): void {
  let areOptions = true;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!.toString();
    if (!areOptions || !word.startsWith('-') || word === '-') takeUrl(draft, words[i]!);
    else if (word === '--') areOptions = false;
    else if (word.startsWith('--')) {
      if (takesValue(word)) readValue(draft, word, words[++i]);
      else readFlag(draft, word);
    } else if (readShort(draft, words[i]!, words[i + 1])) i++;
  }
}

/**
 * Reads `-k`, `-X POST`, `-XPOST` and `-sSXPOST`.
 *
 * @returns whether the next word is the value
 */
function readShort(draft: Draft, word: Buffer, next: Buffer | undefined): boolean {
  const letters = word.toString('latin1');
  for (let at = 1; at < letters.length; at++) {
    const name = shortNames[letters[at]!] ?? `-${letters[at]}`;
    if (!takesValue(name)) readFlag(draft, name);
    else {
      const isApart = at === letters.length - 1;
      readValue(draft, name, isApart ? next : word.subarray(at + 1));
      return isApart;
    }
  }
  return false;
}

const takesValue = (name: string): boolean => Object.hasOwn(valued, name) || ignoredValued.has(name);

function readValue(draft: Draft, name: string, value: Buffer | undefined): void {
  if (value === undefined) throw new CurlError(`${name} has no value; paste all of the command`);
  valued[name]?.(draft, value);
}

function readFlag(draft: Draft, name: string): void {
  if (Object.hasOwn(flags, name)) flags[name]!(draft);
  else if (!ignored.has(name)) {
    throw new CurlError(
      `${name.slice(0, 40)} is an option of curl that the page does not know; leave it out if the request does not depend on it`,
    );
  }
}

function requestOf({
  url,
  method,
  headers,
  data,
  user,
  isInsecure,
  isGet,
  isHead,
  isJson,
}: Draft): CurlRequest {
  if (url === undefined) throw new CurlError('the command has no URL');
  const joined = data.length === 0 ? undefined : join(data, isJson ? '' : '&');
  const isQuery = isGet || isHead;
  const isForm = joined !== undefined && !isQuery;
  const content = isJson ? ['Content-Type: application/json', 'Accept: application/json'] : [];
  const names = new Set(headers.map((each) => each.split(':', 1)[0]!.trim().toLowerCase()));
  return {
    url: joined !== undefined && isQuery ? withQuery(url, joined.toString()) : url,
    method: method ?? (isHead ? 'HEAD' : isForm ? 'POST' : 'GET'),
    headers: [...headers, ...content.filter((each) => !names.has(each.split(':', 1)[0]!.toLowerCase()))],
    body: isForm ? joined : undefined,
    user,
    isInsecure,
  };
}

function join(parts: readonly Buffer[], by: string): Buffer {
  return Buffer.concat(parts.flatMap((part, i) => (i === 0 ? [part] : [Buffer.from(by), part])));
}

function withQuery(url: string, query: string): string {
  const [address = '', hash] = url.split('#', 2);
  return `${address}${address.includes('?') ? '&' : '?'}${query}${hash === undefined ? '' : `#${hash}`}`;
}
