// Describes what a point was about, without the parts that differ between calls.
import type { Info } from '../trace/event.js';
import { pathTemplate } from '../trace/path-template.js';
import type { Fact, FactGroup, PointName } from '../trace/vocabulary.js';
import type { TreePoint } from './tree.js';

const kinds: Readonly<Partial<Record<PointName, (start: Info, stop: Info) => readonly unknown[]>>> = {
  wsgi: (start, stop) => [member(start, 'request', 'method'), path(start, stop)],
  http: called,
  https: called,
  db: (start) => [
    member(start, 'db', 'system'),
    member(start, 'db', 'operation'),
    member(start, 'db', 'name'),
    fingerprint(member(start, 'db', 'statement')),
  ],
  sql: (start) => [fingerprint(member(start, 'db', 'statement'))],
  command: (start) => [member(start, 'command', 'file')],
  thread: (start) => [member(start, 'thread', 'name') || member(start, 'thread', 'file')],
  process: (start) => [member(start, 'process', 'file')],
  rpc: (start) => [
    member(start, 'rpc', 'system'),
    member(start, 'rpc', 'service'),
    member(start, 'rpc', 'method'),
    member(start, 'rpc', 'destination'),
    member(start, 'function', 'name'),
  ],
};

/** A text that equal points share: `GET stock:4000/items/{id}`, a statement without its values. */
export function whatOf({ name, startInfo = {}, stopInfo = {} }: TreePoint): string {
  const kind = Object.hasOwn(kinds, name) ? kinds[name as PointName] : undefined;
  const parts = kind?.(startInfo, stopInfo) ?? [member(startInfo, 'function', 'name')];
  return parts.filter((part) => part !== '').join(' ');
}

function called(start: Info): readonly unknown[] {
  const host = [member(start, 'requests', 'hostname'), member(start, 'requests', 'port')].filter(
    (part) => part !== '',
  );
  return [
    member(start, 'requests', 'method'),
    host.join(':') + pathTemplate(member(start, 'requests', 'path')),
  ];
}

function path(start: Info, stop: Info): string {
  // A framework has found the route after the start.
  const route = member(stop, 'request', 'route') || member(start, 'request', 'route');
  return route || pathTemplate(member(start, 'request', 'path'));
}

const maxStatement = 4000;

const maxKnown = 1000;
const known = new Map<string, string>();

/** A statement without its values, and with one mark for each list of values, however long. */
function fingerprint(statement: string): string {
  const before = known.get(statement);
  if (before !== undefined) return before;
  const found = statement
    .slice(0, maxStatement)
    .replace(/\s+/g, ' ')
    .replace(/'[^']*'/g, '?')
    .replace(/\$\d+|\b\d+(?:\.\d+)?\b/g, '?')
    .replace(/\( ?\?(?: ?, ?\?)+ ?\)/g, '(?)')
    .trim();
  // Traces have few statements, but many calls of each.
  if (known.size < maxKnown) known.set(statement, found);
  return found;
}

function member<Group extends FactGroup>(info: Info, group: Group, name: Fact<Group>): string {
  const facts = info[group];
  const fact = typeof facts === 'object' && facts !== null ? (facts as Info)[name] : undefined;
  return typeof fact === 'string' || typeof fact === 'number' ? String(fact) : '';
}
