// A span's kind is OSProfiler's, but for calls and messages, which say their side themselves. Its name and its attributes follow OpenTelemetry's semantic conventions (1.37),
// where OSProfiler has names that were never theirs (`http.path`) or are no more (`http.method`).
import type { Info } from '../../trace/event.js';
import { failureIn } from '../../trace/failed.js';
import { pathTemplate } from '../../trace/path-template.js';
import type { Fact, FactGroup } from '../../trace/vocabulary.js';
import type { Span } from './pairs.js';

export type SpanKind = 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER';
export type AttributeValue = string | number | boolean | readonly (string | number | boolean)[];
export type Attributes = Map<string, AttributeValue>;

export interface Described {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  /** Whether the point failed; see `src/trace/failed.ts`. OSProfiler leaves a span's status unset. */
  readonly isFailed: boolean;
  /** What was thrown, where something was. */
  readonly failure: { readonly type: string; readonly message: string | undefined } | undefined;
}

// By the member of info that holds them and their own name; what is in none of these keeps its own name, below
// `ostrace`.
const conventions: { readonly [Group in FactGroup]?: { readonly [Name in Fact<Group>]?: string } } = {
  request: {
    method: 'http.request.method',
    scheme: 'url.scheme',
    path: 'url.path',
    query: 'url.query',
    route: 'http.route',
  },
  response: { status_code: 'http.response.status_code' },
  requests: {
    method: 'http.request.method',
    scheme: 'url.scheme',
    hostname: 'server.address',
    port: 'server.port',
    path: 'url.path',
    query: 'url.query',
    status_code: 'http.response.status_code',
  },
  db: {
    system: 'db.system.name',
    operation: 'db.operation.name',
    name: 'db.namespace',
    host: 'server.address',
    port: 'server.port',
    statement: 'db.query.text',
    rows: 'db.response.returned_rows',
  },
  rpc: { system: 'rpc.system', service: 'rpc.service', method: 'rpc.method' },
  function: { name: 'code.function.name' },
  code: { file: 'code.file.path', line: 'code.line.number', function: 'code.function.name' },
  command: {
    file: 'process.executable.name',
    args: 'process.command_args',
    pid: 'process.pid',
    exit_code: 'process.exit.code',
  },
  process: { file: 'code.file.path', pid: 'process.pid', exit_code: 'process.exit.code' },
  thread: { file: 'code.file.path', name: 'thread.name', thread_id: 'thread.id' },
};

/** The names that messages have in the conventions, in place of those of remote procedure calls. */
const ofMessages = {
  system: 'messaging.system',
  destination: 'messaging.destination.name',
  messages: 'messaging.batch.message_count',
};

// Members that belong to the resource and to the failure, which have places of their own. The loop's clocks are
// readings at two moments, of which an attribute could hold one.
const elsewhere = new Set(['host', 'loop', 'etype', 'message']);
const maxLevels = 4;

/** How a span is called, what it says of the point, and whether that failed. */
export function describe(span: Span): Described {
  const { startInfo, stopInfo, point } = span;
  const attributes: Attributes = new Map();
  addInfo(attributes, startInfo);
  addInfo(attributes, stopInfo);
  const kind = kindOf(point, startInfo);
  if (kind === 'CLIENT') addUrl(attributes, startInfo['requests']);
  if (span.missing !== undefined) {
    attributes.set(span.missing === 'stop' ? 'ostrace.unfinished' : 'ostrace.startless', true);
  }
  const failure = failureIn(stopInfo);
  // The exit code has an attribute of its own.
  if (failure !== undefined && failure.kind !== 'exit') attributes.set('error.type', failure.type);
  return {
    name: nameOf(point, startInfo, stopInfo),
    kind,
    attributes,
    isFailed: failure !== undefined,
    failure: failure?.kind === 'error' ? failure : undefined,
  };
}

const sides: Readonly<Record<string, SpanKind>> = {
  client: 'CLIENT',
  server: 'SERVER',
  producer: 'PRODUCER',
  consumer: 'CONSUMER',
};

function kindOf(point: string, info: Info): SpanKind {
  const side = objectIn(info['rpc'])?.['kind'];
  if (typeof side === 'string' && Object.hasOwn(sides, side)) return sides[side]!;
  if (point.includes('wsgi')) return 'SERVER';
  return /db|http|api/.test(point) ? 'CLIENT' : 'INTERNAL';
}

/**
 * Pages group spans by their names: a request has its method and its route, or its path without what differs from
 * one to the next. OSProfiler's `WSGI_GET_/orders/42` is another name for each order. Nor is a point's name cut as
 * OSProfiler cuts it, which takes all characters of "-start" off its end: `cart` was `c` then.
 */
function nameOf(point: string, info: Info, stopInfo: Info): string {
  const request = objectIn(info['request']) ?? objectIn(info['requests']);
  // A framework has found the route after the start.
  if (request !== undefined) return requestName({ ...request, ...routeIn(stopInfo) });
  const statement = objectIn(info['db'])?.['statement'];
  if (typeof statement === 'string') return `SQL_${statement.trim().split(/\s/, 1).join('').toUpperCase()}`;
  const call = objectIn(info['rpc']);
  return (call === undefined ? '' : callName(call)) || point;
}

function callName({ kind, service, method, destination }: Info): string {
  const [from, what] = [text(service), text(method)];
  if (what !== '') return from === '' ? what : `${from}/${what}`;
  const verb = kind === 'producer' ? 'send' : kind === 'consumer' ? 'consume' : '';
  return text(destination) === '' || verb === '' ? '' : `${verb} ${text(destination)}`;
}

function routeIn(info: Info): Info {
  const route = objectIn(info['request'])?.['route'];
  return route === undefined ? {} : { route };
}

function requestName({ method, route, path }: Info): string {
  const where = text(route) || pathTemplate(text(path));
  return [text(method) || 'HTTP', where].filter((part) => part !== '').join(' ');
}

function addInfo(attributes: Attributes, info: Info): void {
  for (const [name, value] of Object.entries(info)) {
    if (elsewhere.has(name)) continue;
    const members = objectIn(value);
    if (members === undefined) {
      add(attributes, `ostrace.${name}`, value, 0);
      continue;
    }
    const names = namesFor(name, members);
    for (const [member, inner] of Object.entries(members)) {
      const known = names !== undefined && Object.hasOwn(names, member) ? names[member] : undefined;
      add(attributes, known ?? `ostrace.${name}.${member}`, inner, 1);
    }
  }
}

function namesFor(group: string, members: Info): Readonly<Record<string, string>> | undefined {
  if (!Object.hasOwn(conventions, group)) return undefined;
  return group === 'rpc' && members['destination'] !== undefined
    ? ofMessages
    : conventions[group as FactGroup];
}

function add(attributes: Attributes, name: string, value: unknown, level: number): void {
  if (value === undefined || value === null || value === '') return;
  if (isPlain(value)) attributes.set(name, value);
  else if (Array.isArray(value)) attributes.set(name, value.map(plain));
  else if (level >= maxLevels) attributes.set(name, JSON.stringify(value));
  else
    for (const [member, inner] of Object.entries(value))
      add(attributes, `${name}.${member}`, inner, level + 1);
}

/** The whole URL of an outgoing request, which its readers expect beside the parts. */
function addUrl(attributes: Attributes, given: unknown): void {
  const { scheme, hostname, port, path, query } = objectIn(given) ?? {};
  if (typeof scheme !== 'string' || typeof hostname !== 'string') return;
  const host = hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname;
  const search = text(query) === '' ? '' : `?${text(query)}`;
  const address = text(port) === '' ? host : `${host}:${text(port)}`;
  attributes.set('url.full', `${scheme}://${address}${text(path)}${search}`);
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function plain(value: unknown): string | number | boolean {
  return isPlain(value) ? value : (JSON.stringify(value) ?? '');
}

function text(value: unknown): string {
  return value === undefined || value === null ? '' : String(plain(value));
}

function objectIn(value: unknown): Info | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Info) : undefined;
}
