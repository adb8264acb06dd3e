// The options of curl that are known: what each does to the request, or that it does nothing to it.
import { CurlError } from './words.js';

/** A request that is being read. */
export interface Draft {
  url?: string;
  method?: string;
  readonly headers: string[];
  readonly data: Buffer[];
  user?: string;
  isInsecure: boolean;
  isGet: boolean;
  isHead: boolean;
  isJson: boolean;
}

type Take = (draft: Draft, value: Buffer) => void;

const addData: Take = ({ data }, value) => void data.push(value);
const header =
  (name: string): Take =>
  ({ headers }, value) =>
    void headers.push(`${name}: ${value.toString()}`);

/** The options that take a value. */
export const valued: Readonly<Record<string, Take>> = {
  '--url': (draft, value) => takeUrl(draft, value),
  '--request': (draft, value) => void (draft.method = value.toString()),
  '--header': (draft, value) => void draft.headers.push(notFile('--header', value).toString()),
  '--data': (draft, value) => addData(draft, notFile('--data', value)),
  '--data-ascii': (draft, value) => addData(draft, notFile('--data-ascii', value)),
  '--data-binary': (draft, value) => addData(draft, notFile('--data-binary', value)),
  '--data-raw': addData,
  '--data-urlencode': (draft, value) => addData(draft, urlEncoded(value)),
  '--json': (draft, value) => {
    draft.isJson = true;
    addData(draft, notFile('--json', value));
  },
  '--cookie': (draft, value) => {
    if (!value.includes('=')) throw new CurlError('--cookie names a file; the page reads none');
    header('Cookie')(draft, value);
  },
  '--user-agent': header('User-Agent'),
  '--referer': header('Referer'),
  '--user': (draft, value) => void (draft.user = value.toString()),
  '--oauth2-bearer': (draft, value) => void draft.headers.push(`Authorization: Bearer ${value.toString()}`),
};

/** The options that change nothing of what is sent, and take a value. */
export const ignoredValued = new Set([
  '--output',
  '--max-time',
  '--connect-timeout',
  '--write-out',
  '--retry',
  '--max-redirs',
]);

export const flags: Readonly<Record<string, (draft: Draft) => void>> = {
  '--get': (draft) => void (draft.isGet = true),
  '--head': (draft) => void (draft.isHead = true),
  '--insecure': (draft) => void (draft.isInsecure = true),
};

/** The options that change nothing of what is sent: redirects are not followed, and the response is not shown. */
export const ignored = new Set([
  '--compressed',
  '--fail',
  '--fail-with-body',
  '--globoff',
  '--http1.1',
  '--http2',
  '--http3',
  '--include',
  '--ipv4',
  '--ipv6',
  '--location',
  '--no-buffer',
  '--path-as-is',
  '--progress-bar',
  '--show-error',
  '--silent',
  '--tlsv1.2',
  '--verbose',
]);

/** The names of the letters. */
export const shortNames: Readonly<Record<string, string>> = {
  '#': '--progress-bar',
  4: '--ipv4',
  6: '--ipv6',
  A: '--user-agent',
  G: '--get',
  H: '--header',
  I: '--head',
  L: '--location',
  N: '--no-buffer',
  S: '--show-error',
  X: '--request',
  b: '--cookie',
  d: '--data',
  e: '--referer',
  f: '--fail',
  g: '--globoff',
  i: '--include',
  k: '--insecure',
  m: '--max-time',
  o: '--output',
  s: '--silent',
  u: '--user',
  v: '--verbose',
  w: '--write-out',
};

/** Takes what is no option. */
export function takeUrl(draft: Draft, word: Buffer): void {
  if (draft.url !== undefined) throw new CurlError('the command has two URLs; expected one');
  draft.url = word.toString();
}

function notFile(name: string, value: Buffer): Buffer {
  if (value[0] !== 0x40) return value;
  throw new CurlError(`${name} names a file; the page reads none, so paste what is in it`);
}

/** Curl's forms: `text`, `=text` and `name=text`, of which the text is encoded. */
function urlEncoded(value: Buffer): Buffer {
  const [, name = '', equals = '', content = ''] = /^([^=@]*)(=?)(.*)$/s.exec(value.toString()) ?? [];
  if (content.startsWith('@') && equals === '')
    throw new CurlError('--data-urlencode names a file; the page reads none');
  if (equals === '') return Buffer.from(encodeURIComponent(name));
  return Buffer.from(`${name === '' ? '' : `${name}=`}${encodeURIComponent(content)}`);
}
