// Formats values for people. Anybody may have stored an event, so its texts must not reach a terminal as anything
// but text.
import { count } from '../trace/count.js';

// Piped output is not cut to a width, but one hostile text must not fill the disk.
const maxTextLength = 4000;

const isClean = /^(?:[!-~]+(?: [!-~]+)*)?$/;
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/**
 * A text on one line that a terminal only prints: blanks are folded, and control characters (escape sequences,
 * changes of direction) are replaced with visible ones.
 */
export function clean(text: string): string {
  // Nearly all texts are, and the other expressions take ten times as long to say so.
  if (text.length <= maxTextLength && isClean.test(text)) return text;
  const start = text.length > maxTextLength ? `${text.slice(0, maxTextLength)}…` : text;
  return start.replace(/\s+/g, ' ').trim().replace(unprintable, visible);
}

/** A text whose lines and blanks are kept, and whose other control characters are replaced with visible ones. */
export function printable(text: string): string {
  return text.replace(unprintable, (character) =>
    /[\n\t]/.test(character) ? character : visible(character),
  );
}

/** Unicode has a picture for each of ASCII's control characters: ␛ for escape. */
function visible(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\ufffd';
}

/** A value as JSON without characters that a terminal acts on. */
export function safeJson(value: unknown): string {
  const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value, null, 2).replace(unprintable, (character) =>
    character === '\n' ? character : character.split('').map(escaped).join(''),
  );
}

/** A duration with three digits and a suitable unit. */
export function duration(micros: number): string {
  const sign = micros < 0 ? '-' : '';
  const size = Math.abs(micros);
  if (size < 1000) return `${sign}${size} µs`;
  if (size < 999_500) return `${sign}${digits(size / 1e3)} ms`;
  if (size < 59_950_000) return `${sign}${digits(size / 1e6)} s`;
  const seconds = Math.round(size / 1e6);
  if (seconds < 3600) return `${sign}${Math.trunc(seconds / 60)} min ${seconds % 60} s`;
  return `${sign}${Math.trunc(seconds / 3600)} h ${Math.trunc((seconds % 3600) / 60)} min`;
}

function digits(value: number): string {
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

/** A part of the whole as percent; '' if there is no whole. */
export function share(part: number, whole: number): string {
  if (whole <= 0 || part < 0) return '';
  const percent = (100 * part) / whole;
  if (percent > 0 && percent < 0.05) return '<0.1%';
  return `${percent.toFixed(percent < 9.95 ? 1 : 0)}%`;
}

/** A time as people read it, in UTC as in the store. */
export function moment(micros: number): string {
  const date = new Date(Math.trunc(micros / 1000));
  return `${date.toISOString().slice(0, -1).replace('T', ' ')} UTC`;
}

/** How long ago something was, roughly. */
export function ago(micros: number, now: number): string {
  const seconds = Math.trunc((now - micros) / 1e6);
  if (seconds < 0) return 'in the future';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.trunc(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.trunc(seconds / 3600)} h ago`;
  return `${count(Math.trunc(seconds / 86_400), 'day')} ago`;
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const zeroWidth = /[\p{Mn}\p{Me}]/u;
const narrowOnly = /^[ -~\u00a0-\u02ff\u2010-\u2027\u2190-\u21ff\u2500-\u257f]*$/;

/** How many columns a clean text takes in a terminal. */
export function widthOf(text: string): number {
  if (narrowOnly.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += columns(character);
  return width;
}

function columns(character: string): number {
  return zeroWidth.test(character) ? 0 : wide.test(character) ? 2 : 1;
}

/** Cuts a clean text to so many columns, with an ellipsis where something is missing. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width < 1) return '';
  let kept = '';
  let left = width - 1;
  for (const character of text) {
    left -= columns(character);
    if (left < 0) break;
    kept += character;
  }
  return `${kept.trimEnd()}…`;
}

/** Fills a clean text up to so many columns. */
export function pad(text: string, width: number, side: 'left' | 'right' = 'right'): string {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(text)));
  return side === 'left' ? blanks + text : text + blanks;
}
