// Finds the trace that a whole id, the beginning of an id, or `last` names.
import type { StoredTrace, TraceSummary } from '../drivers/driver.js';
import { ago } from '../report/format.js';
import { isUuid } from '../trace/ids.js';
import { parseTimestamp } from '../trace/parse.js';
import { CommandError } from './command.js';
import { type Store, bare } from './readable.js';

/** The forms in which an id may be given, for the help of commands. */
export const idForms = 'its id, the beginning of its id (4 digits or more), or `last` for the newest trace';

const fewestDigits = 4;

/** The forms that are expected, for messages about a text that is not an id. */
export const expectedId = `a UUID, the beginning of one (${fewestDigits} digits or more), or last`;
const mostNamed = 10;

/** Whether a text may name a trace. */
export function mayBeId(text: string): boolean {
  return text === 'last' || isUuid(text) || isBeginning(text);
}

/** @throws CommandError if a text cannot name a trace */
export function checkedId(text: string): string {
  if (mayBeId(text)) return text;
  throw new CommandError(
    `"${text}" is not a trace id; expected ${expectedId}; ostrace trace list shows them`,
  );
}

/**
 * Reads the trace that a text names: looks for the id as it was typed, then as nearly everyone writes ids.
 *
 * @throws CommandError if it names no trace, or several
 */
export async function findTrace(text: string, store: Store): Promise<readonly [string, StoredTrace]> {
  const base_id = await traceIdFrom(text, store);
  const stored = (await store.read(base_id)) ?? (await store.read(base_id.toLowerCase()));
  if (stored !== undefined) return [base_id, stored];
  const advice = store.canList() ? '; ostrace trace list shows what is stored there' : '';
  throw new CommandError(`there is no trace ${base_id} in ${store.name()}${advice}`);
}

/**
 * The trace that a text names.
 *
 * @throws CommandError if it names no trace, or several
 */
export async function traceIdFrom(text: string, store: Store): Promise<string> {
  if (isUuid(text)) return text;
  if (text === 'last') {
    const [newest] = (await store.newest(1)).traces;
    if (newest !== undefined) return newest.base_id;
    throw new CommandError(`there are no traces in ${store.name()} yet; ostrace request makes one`);
  }
  if (!isBeginning(text)) {
    throw new CommandError(`"${text}" is not a trace id; expected ${expectedId}`);
  }
  const found = await store.find(bare(text));
  const [first, ...others] = found;
  if (first === undefined) {
    throw new CommandError(
      `no trace in ${store.name()} begins with ${text}; ostrace trace list shows what is stored there`,
    );
  }
  if (others.length === 0) return first.base_id;
  const named = found.slice(0, mostNamed).map(candidate).join(', ');
  const rest = found.length > mostNamed ? `, and ${found.length - mostNamed} more` : '';
  throw new CommandError(`${found.length} traces begin with ${text}; give more of the id: ${named}${rest}`);
}

function isBeginning(text: string): boolean {
  return /^[\da-f-]{4,36}$/i.test(text) && bare(text).length >= fewestDigits;
}

function candidate({ base_id, timestamp }: TraceSummary): string {
  return `${base_id} (${ago(parseTimestamp(timestamp) ?? 0, Date.now() * 1000)})`;
}
