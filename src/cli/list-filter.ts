// The filters of `ostrace trace list`.
import type { TraceSummary } from '../drivers/driver.js';
import { durationFrom, microsPer, pathTest, statusTest } from '../report/conditions.js';
import type { Overview } from '../report/overview.js';
import { parseTimestamp } from '../trace/parse.js';
import { CommandError, type Option } from './command.js';

export const filterOptions = {
  path: {
    type: 'string',
    value: 'PATTERN',
    help: "Only traces of requests whose path contains PATTERN. If PATTERN has a * (for any text) or an {id} (for one part between slashes), it must match the whole path: '/orders/{id}'.",
  },
  route: {
    type: 'string',
    value: 'PATTERN',
    help: "The same, for the route as the service's framework names it ('/orders/:id') or the path.",
  },
  method: { type: 'string', short: 'X', value: 'METHOD', help: 'Only traces of requests with this method.' },
  status: {
    type: 'string',
    value: 'CODES',
    help: 'Only traces of requests with one of these statuses, such as 404, 5xx or 4xx,5xx.',
  },
  'min-duration': {
    type: 'string',
    value: 'TIME',
    help: 'Only traces that took at least this long, such as 250ms or 1.5s.',
  },
  'max-duration': { type: 'string', value: 'TIME', help: 'Only traces that took at most this long.' },
  service: {
    type: 'string',
    value: 'NAME',
    multiple: true,
    help: 'Only traces with a point of this service. May be given several times: all of them must take part.',
  },
  'min-points': { type: 'string', value: 'N', help: 'Only traces with at least N points.' },
  errors: { type: 'boolean', help: 'Only traces with a failed point.' },
  since: {
    type: 'string',
    value: 'TIME',
    help: 'Only traces that began at this time or later: how long ago, as 90s, 30m, 12h or 7d, or a time such as 2026-11-30T08:00Z.',
  },
  until: { type: 'string', value: 'TIME', help: 'Only traces that began at this time or earlier.' },
} as const satisfies Readonly<Record<string, Option>>;

/** The filter that the options describe. */
export interface Filter {
  /** In microseconds since 1970. */
  readonly since: number;
  readonly until: number;
  /** Whether a trace has to be read to be judged. */
  readonly readsTraces: boolean;
  takes(trace: Overview): boolean;
}

type Given = {
  readonly [Name in keyof typeof filterOptions]: string | boolean | readonly string[] | undefined;
};

/** @throws CommandError if an option does not take its value */
export function filterFrom(given: Given, nowMicros: number): Filter {
  const tests: ((trace: Overview) => boolean)[] = [];
  const add = <Value>(value: Value | undefined, test: (value: Value, trace: Overview) => boolean): void => {
    if (value !== undefined) tests.push((trace) => test(value, trace));
  };
  const isLike = (matches: (path: string) => boolean, path: string | undefined): boolean =>
    path !== undefined && matches(path);
  add(mapped(text(given.path), pathTest), (matches, { path }) => isLike(matches, path));
  add(
    mapped(text(given.route), pathTest),
    (matches, { path, route }) => isLike(matches, route) || isLike(matches, path),
  );
  add(text(given.method)?.toUpperCase(), (method, trace) => trace.method?.toUpperCase() === method);
  add(mapped(text(given.status), statusesFrom), (matches, { status }) => matches(String(status)));
  add(durationOf('--min-duration', text(given['min-duration'])), (least, { duration }) => duration >= least);
  add(durationOf('--max-duration', text(given['max-duration'])), (most, { duration }) => duration <= most);
  for (const service of given.service as readonly string[]) {
    add(service, (name, { services }) => services.includes(name));
  }
  add(countOf('--min-points', text(given['min-points'])), (least, { points }) => points >= least);
  if (given.errors === true) tests.push(({ errors }) => errors > 0);
  return {
    since: momentOf('--since', text(given.since), nowMicros) ?? -Infinity,
    until: momentOf('--until', text(given.until), nowMicros) ?? Infinity,
    readsTraces: tests.length > 0,
    takes: (trace) => tests.every((test) => test(trace)),
  };
}

/** Whether a trace began in the given time. */
export function isWithin({ since, until }: Filter, { timestamp }: TraceSummary): boolean {
  const micros = parseTimestamp(timestamp) ?? 0;
  return micros >= since && micros <= until;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function mapped<Result>(given: string | undefined, to: (text: string) => Result): Result | undefined {
  return given === undefined ? undefined : to(given);
}

function statusesFrom(codes: string): (status: string) => boolean {
  const test = statusTest(codes);
  if (test !== undefined) return test;
  throw new CommandError(`--status is "${codes}"; expected statuses such as 404 or 5xx, separated by commas`);
}

function durationOf(option: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const micros = durationFrom(given);
  if (micros !== undefined) return micros;
  throw new CommandError(`${option} is "${given}"; expected a time such as 250ms or 1.5s`);
}

function momentOf(option: string, given: string | undefined, nowMicros: number): number | undefined {
  if (given === undefined) return undefined;
  const [, amount, unit] = /^(\d{1,9})\s*([smhd])$/.exec(given.trim()) ?? [];
  if (amount !== undefined) return nowMicros - Number(amount) * microsPer[unit as keyof typeof microsPer];
  const millis = /^\d{4}-\d\d/.test(given.trim()) ? Date.parse(given.trim()) : NaN;
  if (!Number.isNaN(millis)) return millis * 1000;
  throw new CommandError(`${option} is "${given}"; expected a time such as 30m, 12h or 2026-11-30T08:00Z`);
}

/** @param whatZeroMeans an addition to the message, if 0 has a special meaning */
export function countOf(option: string, given: string | undefined, whatZeroMeans = ''): number | undefined {
  if (given === undefined || /^\d{1,9}$/.test(given)) return given === undefined ? undefined : Number(given);
  throw new CommandError(`${option} is "${given}"; expected a whole number${whatZeroMeans}`);
}
