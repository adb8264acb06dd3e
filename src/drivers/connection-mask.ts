// What may be shown of a connection string, however wrong it is.

/**
 * Whether an unencoded "/", "?", "#" or "\\" has ended a user and password: what then seems to be the host is a part of
 * them. In the value of a parameter an "@" is nothing special.
 */
export function endsEarly(connectionString: string): boolean {
  const [, behind = ''] = /^[^:]*:(?:\/\/)?[^/?#\\]*(.*)$/s.exec(connectionString) ?? [];
  return behind.split('=', 1)[0]!.includes('@');
}

/**
 * One connection string as it may be shown: without the name and the password that it may hold before a host or in place of
 * one, and without what stands behind the host, or in place of a URL (`host=db password=…`).
 */
export function maskConnection(given: string): string {
  if (/^file:/i.test(given)) return withoutSettings(given.replace(/^(file:(?:\/\/)?)?.*@/is, '$1***@'));
  const [, scheme = '', rest = ''] = /^((?:[a-z][a-z\d+.-]*:)?(?:\/\/)?)(.*)$/is.exec(given) ?? [];
  const at = rest.lastIndexOf('@');
  const settings = rest.search(/[?#=]/);
  // Which of the two has the password can't be told.
  if (settings !== -1 && at > settings) return `${scheme}***`;
  const shown = settings === -1 ? rest.slice(at + 1) : `${rest.slice(at + 1, settings + 1)}***`;
  if (at !== -1) return `${scheme}***@${shown}`;
  return mayBeShown(scheme, rest) ? scheme + withoutDigits(shown) : `${scheme}***`;
}

/** A folder has none; a "?" may be a part of its name. */
function withoutSettings(given: string): string {
  const at = given.indexOf('?');
  return at !== -1 && given.includes('=', at) ? `${given.slice(0, at)}?***` : given;
}

// Where stores listen, if nobody says otherwise.
const usualPort =
  /^(?:80|443|3306|33060|4317|4318|5432|5671|5672|6379|6380|6432|8080|8086|9200|9411|15671|15672|26379|2701[789])?$/;

/** Digits behind one word may be a port, or the password of a user whose host is missing: of these the usual ports are shown. */
function withoutDigits(shown: string): string {
  const [whole = '', word = '', digits = ''] = /^([^.:,[\]/]+):(\d{0,5})(?=[/?#]|$)/.exec(shown) ?? [];
  const isShown = whole === '' || word.toLowerCase() === 'localhost' || usualPort.test(digits);
  return isShown ? shown : `${word}:***${shown.slice(whole.length)}`;
}

const place = '(?:(?:\\[[\\da-f:.%]*\\]|[^\\s:,[\\]]+)(?::\\d{0,5})?)?';
const encodedUser = /%(?:25)*(?:3a|40)/i;

/** Whether what stands before a path is hosts, or no URL at all, and no `user:password` whose host is missing. */
function mayBeShown(scheme: string, rest: string): boolean {
  const [front = ''] = rest.split(/[/?#=]/, 1);
  if (encodedUser.test(rest.split(/[?#=]/, 1)[0]!)) return false;
  if (scheme === '') return /^[^:]*(?::\d{0,5})?$/.test(front);
  const form = scheme.endsWith('//') ? `${place}(?:,${place})*` : '\\d{0,5}|[^]{0,3}';
  return new RegExp(`^(?:${form})$`, 'i').test(front);
}
