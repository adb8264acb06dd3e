// What the events of a point say, in the order in which people ask for it.
import type { Event as StoredEvent } from '../../trace/event.js';

/** A name and a value, as texts that may be hostile. */
export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** What the panel shows of a point's events. */
export interface Told {
  /** Its class and message; '' if it did not fail by one. */
  readonly error: string;
  /** '' if none is recorded. */
  readonly statement: string;
  /** The system that the statement is for. */
  readonly dialect: string;
  /** Where in the application's code it was called; '' if that is not recorded. */
  readonly place: string;
  readonly facts: readonly Fact[];
}

const mostFacts = 60;
const maxLength = 2000;

/** What is shown elsewhere, or tells people nothing. */
const hidden = new Set(['db.statement', 'etype', 'message', 'code.file', 'code.line', 'code.function']);

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value.slice(0, maxLength) : (JSON.stringify(value) ?? '').slice(0, maxLength);

function memberOf(info: unknown, group: string, name: string): string {
  const members = Object(info)[group] as unknown;
  const value = Object.hasOwn(Object(members) as object, name)
    ? (Object(members) as Record<string, unknown>)[name]
    : '';
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** Reads what the events of a point say. Anybody may have stored them. */
export function toldBy(events: readonly StoredEvent[]): Told {
  const infos = events.map(({ info }) => info);
  const first = (group: string, name: string): string =>
    infos.map((info) => memberOf(info, group, name)).find((text) => text !== '') ?? '';
  const stop = events.findLast(({ name }) => name.endsWith('stop'))?.info;
  const error = [stop?.['etype'], stop?.['message']]
    .filter((text) => (text ?? null) !== null)
    .map(textOf)
    .join(': ');
  const [file, line, code] = (['file', 'line', 'function'] as const).map((name) => first('code', name));
  return {
    error,
    statement: first('db', 'statement'),
    dialect: first('db', 'system'),
    place: file === '' ? '' : `${file}${line === '' ? '' : `:${line}`}${code === '' ? '' : ` (${code})`}`,
    facts: factsOf(events),
  };
}

function factsOf(events: readonly StoredEvent[]): readonly Fact[] {
  const [first] = events;
  const found = new Map<string, string>();
  if (first !== undefined) {
    found.set('service', first.service ?? '');
    found.set('project', first.project ?? '');
  }
  for (const { name, timestamp, info } of events) {
    found.set(name.endsWith('stop') ? 'stopped' : 'started', timestamp);
    for (const [group, value] of Object.entries(info)) {
      const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value);
      const members = isGroup ? Object.entries(value) : [['', value] as const];
      for (const [member, inner] of members) {
        const key = member === '' ? group : `${group}.${member}`;
        if (!hidden.has(key) && found.size < mostFacts) found.set(key.slice(0, 100), textOf(inner));
      }
    }
  }
  return Array.from(found, ([name, value]) => ({ name: name.replace('.', ' '), value })).filter(
    ({ value }) => value !== '' && value !== 'null',
  );
}
