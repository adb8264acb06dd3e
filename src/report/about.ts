// Describes in words what a point was about and how it ended.
import type { Info } from '../trace/event.js';
import { count } from '../trace/count.js';
import { failureIn } from '../trace/failed.js';
import { type Fact, type FactGroup, type PointName, pointKinds } from '../trace/vocabulary.js';
import { duration } from './format.js';
import type { TreePoint } from './tree.js';
import { waitsIn } from './waits.js';

/** The words of a line about a point. The texts are as they were stored. */
export interface About {
  /** The kind of point, as people call it. */
  readonly label: string;
  /** The subject of its work. */
  readonly subject: string;
  /** How it ended: a status, a number of rows, an exit code. */
  readonly outcome: string;
  /** Whether that deserves attention. A client's mistake does, although it is not a failure of the server. */
  readonly isBad: boolean;
}

type Describe = (start: Info, stop: Info) => Omit<Partial<About>, 'label'>;

/** How each of the agent's own points is described. The application's own points are described by their function. */
const kinds: Readonly<Record<PointName, Describe>> = {
  wsgi: (start, stop) => {
    const { outcome = '', isBad = false } = status(value(stop, 'response', 'status_code'));
    const route = text(stop, 'request', 'route') || text(start, 'request', 'route');
    return {
      subject: words(text(start, 'request', 'method'), target(start, 'request')),
      // A route without parameters is the path itself.
      outcome: joined(' · ', outcome, route === text(start, 'request', 'path') ? '' : route),
      isBad,
    };
  },
  http: httpOut,
  https: httpOut,
  db: (start, stop) => ({ subject: database(start), ...rows(stop) }),
  sql: (start, stop) => ({ subject: text(start, 'db', 'statement'), ...rows(stop) }),
  rpc: (start) => ({
    subject: words(
      text(start, 'rpc', 'kind'),
      text(start, 'rpc', 'system'),
      joined('/', text(start, 'rpc', 'service'), text(start, 'rpc', 'method')),
      text(start, 'rpc', 'destination'),
      counted(start, 'rpc', 'messages', (messages) => count(messages, 'message')),
      counted(start, 'rpc', 'attempt', (attempt) => `attempt ${attempt}`),
      links(value(start, 'rpc', 'links')),
      text(start, 'function', 'name'),
    ),
  }),
  command: (start, stop) => ({
    subject: words(text(start, 'command', 'file'), ...texts(value(start, 'command', 'args'))),
    ...exit(stop, 'command'),
  }),
  thread: (start, stop) => ({
    subject: text(start, 'thread', 'name') || fileName(text(start, 'thread', 'file')),
    ...exit(stop, 'thread'),
  }),
  thread_main: (start, stop) => ({
    subject: joined(' ', 'thread', text(start, 'thread', 'thread_id')),
    ...exit(stop, 'thread'),
  }),
  left_out: (start) => ({ subject: leftOut([start]) }),
  blocked: (start) => ({
    subject: words(text(start, 'blocked', 'method'), text(start, 'blocked', 'path')),
  }),
  gc: (start) => ({
    subject: joined(
      ' · ',
      text(start, 'gc', 'kind'),
      counted(start, 'gc', 'collections', (many) => count(many, 'collection')),
      counted(start, 'gc', 'ms', (ms) => `${duration(Math.round(ms * 1000))} in all`),
    ),
  }),
  process: (start, stop) => ({
    subject: joined(' · pid ', fileName(text(start, 'process', 'file')), text(start, 'process', 'pid')),
    ...exit(stop, 'process'),
  }),
};

/** The kind of a point's name; undefined for the application's own, and for those of other services. */
const kindOf = (name: string): PointName | undefined =>
  Object.hasOwn(pointKinds, name) ? (name as PointName) : undefined;

/** The label that people have for the points of a name. */
export function labelOf(name: string): string {
  const kind = kindOf(name);
  if (kind === undefined) return name || '(no name)';
  const its = pointKinds[kind];
  return 'label' in its ? its.label : kind;
}

/** Describes what a point was about and how it ended, from those of its events that were stored. */
export function about(point: TreePoint): About {
  const start = point.startInfo ?? {};
  const stop = point.stopInfo ?? {};
  const kind = kindOf(point.name);
  const described = kind && kinds[kind](start, stop);
  return {
    label: labelOf(point.name),
    subject: described?.subject || text(start, 'function', 'name') || members(start),
    outcome: described?.outcome ?? '',
    isBad: described?.isBad ?? false,
  };
}

/** Why a point failed; '' if its outcome says it, undefined if it did not fail. */
export function failureOf(point: TreePoint): string | undefined {
  const failure = failureIn(point.stopInfo ?? {});
  if (failure === undefined) return undefined;
  return failure.kind === 'error' ? joined(': ', failure.type, failure.message ?? '') : '';
}

/** The points that are no work: a count of what was left out, a collection of garbage, the work of another request. */
const notes: ReadonlySet<string> = new Set(['left_out', 'gc', 'blocked'] satisfies PointName[]);

/** Whether a point is work, and not a note. The application may have points of the same names. */
export const isWork = ({ name, startInfo }: TreePoint): boolean =>
  !notes.has(name) || (startInfo !== undefined && typeof startInfo[name] !== 'object');

/** Whether an event is one of a note, by its name alone. */
export const isOfNote = (name: string): boolean => notes.has(name.replace(/-(?:start|stop)$/, ''));

/** Whether a point says that calls are not in the trace. */
export function tellsOfCalls(point: TreePoint): boolean {
  const { name, startInfo = {} } = point;
  const calls = (['unknown', 'late', 'cut'] as const).some(
    (how) => typeof value(startInfo, 'left_out', how) === 'number',
  );
  return name === 'left_out' && calls && !isWork(point);
}

/** Adds up what is not in the trace: calls, by the reason why they are not, and collections of garbage. */
export function leftOut(starts: readonly Info[]): string {
  let allLate: number | undefined;
  const allUnknown = new Map<string, number>();
  const allCut = new Map<string, number>();
  let [collections, collectionsMs] = [0, 0];
  const add = (to: Map<string, number>, why: string, calls: number): void =>
    void to.set(why, (to.get(why) ?? 0) + calls);
  for (const start of starts) {
    const late = value(start, 'left_out', 'late');
    const unknown = value(start, 'left_out', 'unknown');
    const cut = value(start, 'left_out', 'cut');
    const why = text(start, 'left_out', 'why');
    const gc = value(start, 'left_out', 'gc');
    const gcMs = value(start, 'left_out', 'gc_ms');
    if (typeof gc === 'number') collections += gc;
    if (typeof gcMs === 'number') collectionsMs += gcMs;
    if (typeof late === 'number') allLate = (allLate ?? 0) + late;
    else if (typeof unknown === 'number') add(allUnknown, why, unknown);
    else if (typeof cut === 'number') add(allCut, why, cut);
  }
  return joined(
    '; ',
    // The short reason comes first, because the other one may be cut.
    allLate === undefined ? '' : `later work was not recorded: ${count(allLate, 'call')}`,
    ...Array.from(allUnknown, ([why, calls]) => joined(', ', `up to ${count(calls, 'call')}`, why)),
    ...Array.from(allCut, ([why, calls]) => joined(': ', `${count(calls, 'call')} left out`, why)),
    collections === 0
      ? ''
      : `${count(collections, 'more collection')} of garbage, ${duration(Math.round(1000 * collectionsMs))}`,
  );
}

function httpOut(start: Info, stop: Info): ReturnType<Describe> {
  const host = joined(':', text(start, 'requests', 'hostname'), text(start, 'requests', 'port'));
  const { outcome = '', isBad } = status(value(stop, 'requests', 'status_code'));
  return {
    subject: words(text(start, 'requests', 'method'), host + target(start, 'requests')),
    outcome: words(outcome, waited(stop)),
    ...(isBad !== undefined && { isBad }),
  };
}

function target(info: Info, name: 'request' | 'requests'): string {
  return joined('?', text(info, name, 'path'), text(info, name, 'query'));
}

function status(code: unknown): Partial<About> {
  if (code === undefined || code === null) return {};
  return { outcome: `→ ${asText(code)}`, isBad: Number(code) >= 400 };
}

/** OSProfiler's own `db` points have the statement instead of the operation. */
function database(start: Info): string {
  const server = joined(':', text(start, 'db', 'host'), text(start, 'db', 'port'));
  return words(
    text(start, 'db', 'system'),
    text(start, 'db', 'operation'),
    joined('@', text(start, 'db', 'name'), server),
    text(start, 'db', 'statement'),
  );
}

function rows(stop: Info): Partial<About> {
  const counts = counted(stop, 'db', 'rows', (amount) => `· ${count(amount, 'row')}`);
  return { outcome: words(counts, waited(stop)) };
}

/** `· waited 400 ms for its turn` */
function waited(stop: Info): string {
  const told = waitsIn(stop).map(({ wait, micros }) => `${duration(micros)} ${wait.aim}`);
  return told.length === 0 ? '' : `· waited ${told.join(', ')}`;
}

function exit(stop: Info, name: 'command' | 'thread' | 'process'): Partial<About> {
  const signal = text(stop, name, 'signal');
  if (signal !== '') return { outcome: `· ${signal}`, isBad: true };
  const code = value(stop, name, 'exit_code');
  return typeof code === 'number' ? { outcome: `· exit ${code}`, isBad: code !== 0 } : {};
}

/** The last two names of a path: short, and enough to find the file. */
function fileName(path: string): string {
  return path.split(/[/\\]/).slice(-2).join('/');
}

/** The other members of a point's start, as `name=value`. */
function members(info: Info): string {
  return Object.entries(info)
    .filter(([name, member]) => name !== 'host' && asText(member) !== '')
    .map(([name, member]) => `${name}=${asText(member)}`)
    .join(' ');
}

function value<Group extends FactGroup>(info: Info, name: Group, member: Fact<Group>): unknown {
  const object = info[name];
  return typeof object === 'object' && object !== null ? (object as Info)[member] : undefined;
}

function text<Group extends FactGroup>(info: Info, name: Group, member: Fact<Group>): string {
  return asText(value(info, name, member));
}

function texts(list: unknown): string[] {
  return Array.isArray(list) ? list.map(asText) : [];
}

function asText(member: unknown): string {
  return typeof member === 'string' || typeof member === 'number' || typeof member === 'boolean'
    ? String(member)
    : '';
}

function words(...parts: readonly string[]): string {
  return joined(' ', ...parts);
}

/** Where else a point belongs: in which traces its messages were sent, or where they were handled. */
function links(list: unknown): string {
  if (!Array.isArray(list) || list.length === 0) return '';
  const traces = new Set(list.map((link) => asText((Object(link) as { base_id?: unknown }).base_id)));
  const [only = ''] = traces.size === 1 ? traces : [];
  return only === '' ? `↔ ${count(traces.size, 'trace')}` : `↔ trace ${only}`;
}

/** Words for a number; '' where there is none. */
function counted<Group extends FactGroup>(
  info: Info,
  group: Group,
  name: Fact<Group>,
  said: (amount: number) => string,
): string {
  const amount = value(info, group, name);
  return typeof amount === 'number' ? said(amount) : '';
}

function joined(by: string, ...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(by);
}
