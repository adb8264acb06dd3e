import { cpus, release, totalmem, type as systemType } from 'node:os';

import { type RequestsResult, endpoints } from './requests/requests.js';
import { type StartupResult, scripts } from './startup/startup.js';
import type { Summary } from './statistics.js';

/** What was measured under one version of Node. */
export interface NodeResults {
  readonly version: string;
  readonly startup: readonly StartupResult[];
  readonly requests: readonly RequestsResult[];
}

export interface Run {
  readonly date: string;
  readonly minutes: number;
  readonly ostrace: string;
  readonly openTelemetry: string;
  readonly load: string;
  readonly command: string;
  readonly rounds: string;
}

const aims = { idleStartupMs: 15, threadMicrosPerPoint: 2 } as const;

/** The page of results, as Markdown. */
export function page(run: Run, results: readonly NodeResults[]): string {
  const versions = results.map(({ version }) => version).join(', ');
  const { length: cores, 0: cpu } = cpus();
  return [
    '# What ostrace costs',
    '',
    '<!-- Written by `npm run bench`; a run replaces it. -->',
    '',
    `${run.date}, ostrace ${run.ostrace} beside @opentelemetry/auto-instrumentations-node ${run.openTelemetry}, in one run of ${run.minutes} minutes (${run.rounds}).`,
    `Machine: ${cores} cores of ${cpu?.model.trim() ?? 'an unknown kind'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${systemType()} ${release()}; load averages before and after: ${run.load}. Node ${versions}.`,
    'Medians, and the quartiles in brackets; differences and ratios are taken within each round. "None, once more" is the same as none: what it shows is noise. What is measured and how is said in [startup](startup/README.md) and [requests](requests/README.md).',
    '',
    'To reproduce, with a PostgreSQL on 127.0.0.1:5432 that trusts the user `postgres` (or `PGHOST`, `PGPORT`, `PGUSER`):',
    '',
    '```sh',
    run.command,
    '```',
    '',
    '## The aims',
    '',
    ...aimsTable(results),
    '',
    '## Start-up, ms',
    '',
    ...results.flatMap(({ version, startup }) => startupTable(version, startup)),
    '## Requests, µs of CPU',
    '',
    ...results.flatMap(({ version, requests }) => requestsTables(version, requests)),
  ].join('\n');
}

function aimsTable(results: readonly NodeResults[]): string[] {
  const rows = results.flatMap(({ version, startup, requests }) => [
    ...startup
      .filter(({ variant }) => variant.name === 'ostrace idle')
      .map(({ script, addedMs }) => [
        version,
        `start-up, idle: ${script.what}`,
        `${aims.idleStartupMs} ms`,
        `${added(addedMs)} ms`,
        addedMs.median <= aims.idleStartupMs ? 'met' : '**missed**',
      ]),
    ...requests
      .filter(({ variant }) => variant.signed === true)
      .map((result) => [
        version,
        `traced, application's thread: ${result.endpoint.what}`,
        `${aims.threadMicrosPerPoint} µs a point`,
        `${perPoint(result).toFixed(1)} µs`,
        perPoint(result) <= aims.threadMicrosPerPoint ? 'met' : '**missed**',
      ]),
  ]);
  return table(['Node', 'what', 'aim', 'measured', ''], rows);
}

function startupTable(version: string, results: readonly StartupResult[]): string[] {
  if (results.length === 0) return [];
  const names = [...new Set(results.map(({ variant }) => variant.name))];
  const rows = names.map((name) => [
    name,
    ...scripts.map((script) => {
      const { ms, addedMs } = results.find((each) => each.variant.name === name && each.script === script)!;
      return name === 'none' ? ms.median.toFixed(0) : `${added(addedMs)} ${quartiles(addedMs, 0)}`;
    }),
  ]);
  return [`### Node ${version}`, '', ...table(['', ...scripts.map(({ what }) => what)], rows), ''];
}

function requestsTables(version: string, results: readonly RequestsResult[]): string[] {
  if (results.length === 0) return [];
  const header = [
    '',
    'process',
    'ratio to none',
    "application's thread",
    'more than none',
    'points or spans',
    'µs a point',
  ];
  return endpoints.flatMap((endpoint) => {
    const rows = results
      .filter((result) => result.endpoint === endpoint)
      .map((result) => [
        result.variant.name,
        result.processMicros.median.toFixed(0),
        `${result.ratio.median.toFixed(2)} ${quartiles(result.ratio, 2)}`,
        result.threadMicros.median.toFixed(0),
        result.variant.name === 'none'
          ? ''
          : `${added(result.addedThreadMicros)} ${quartiles(result.addedThreadMicros, 0)}`,
        result.points.toFixed(0),
        result.points === 0 ? '' : perPoint(result).toFixed(1),
      ]);
    return [`### Node ${version}, ${endpoint.what}`, '', ...table(header, rows), ''];
  });
}

const perPoint = ({ addedThreadMicros, points }: RequestsResult): number => addedThreadMicros.median / points;

const added = ({ median }: Summary): string => `${median < 0 ? '−' : '+'}${Math.abs(median).toFixed(1)}`;

function quartiles({ low, high }: Summary, digits: number): string {
  const text = (value: number): string => value.toFixed(digits).replace('-', '−');
  return `(${text(low)}…${text(high)})`;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)];
}
