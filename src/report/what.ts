// Describes what a point was about, without the parts that differ between calls.
import type { Info } from '../trace/event.js';
import { pathTemplate } from '../trace/path-template.js';
import type { TreePoint } from './tree.js';

const kinds: Readonly<Record<string, (start: Info) => readonly unknown[]>> = {
  wsgi: ({ request }) => [member(request, 'method'), path(request)],
  http: called,
  https: called,
  db: ({ db }) => [
    ...['system', 'operation', 'name'].map((name) => member(db, name)),
    fingerprint(member(db, 'statement')),
  ],
  sql: ({ db }) => [fingerprint(member(db, 'statement'))],
  command: ({ command }) => [member(command, 'file')],
  thread: ({ thread }) => [member(thread, 'name') || member(thread, 'file')],
  process: ({ process }) => [member(process, 'file')],
  rpc: ({ rpc, function: fn }) => [
    ...['system', 'service', 'method', 'destination'].map((name) => member(rpc, name)),
    member(fn, 'name'),
  ],
};

/** A text that equal points share: `GET stock:4000/items/{id}`, a statement without its values. */
export function whatOf({ name, startInfo = {} }: TreePoint): string {
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  const parts = kind?.(startInfo) ?? [member(startInfo['function'], 'name')];
  return parts.filter((part) => part !== '').join(' ');
}

function called({ requests }: Info): readonly unknown[] {
  const host = [member(requests, 'hostname'), member(requests, 'port')].filter((part) => part !== '');
  return [member(requests, 'method'), host.join(':') + path(requests)];
}

function path(request: unknown): string {
  return member(request, 'route') || pathTemplate(member(request, 'path'));
}

const maxStatement = 4000;

/** A statement without its values, and with one mark for each list of values, however long. */
function fingerprint(statement: string): string {
  return statement
    .slice(0, maxStatement)
    .replace(/\s+/g, ' ')
    .replace(/'[^']*'/g, '?')
    .replace(/\$\d+|\b\d+(?:\.\d+)?\b/g, '?')
    .replace(/\( ?\?(?: ?, ?\?)+ ?\)/g, '(?)')
    .trim();
}

function member(value: unknown, name: string): string {
  const inner = typeof value === 'object' && value !== null ? (value as Info)[name] : undefined;
  return typeof inner === 'string' || typeof inner === 'number' ? String(inner) : '';
}
