// Runs the benchmarks and writes the page of results: `npm run bench`, or `npm run bench -- calls scale`.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir, totalmem, type as systemType } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { mariadb } from '../test/services/mariadb.js';
import { postgresql } from '../test/services/postgresql.js';
import { rabbitmq } from '../test/services/rabbitmq.js';
import { redis } from '../test/services/redis.js';
import { type Service, provide } from '../test/services/service.js';
import { calls } from './calls/calls.js';
import { findings } from './findings/findings.js';
import { installNode, installPacked, installPeers, versionOf } from './install.js';
import type { Bench, Node, Part } from './part.js';
import { requests } from './requests/requests.js';
import { Results } from './results.js';
import { scale } from './scale/scale.js';
import { stores } from './stores/stores.js';
import { closeSinks, openSinks } from './sinks.js';
import { startup } from './startup/startup.js';
import { peerNames } from './variants.js';

const project = resolve(__dirname, '../..');
const folder = join(project, 'benchmarks');
const parts: readonly Part[] = [startup, requests, calls, scale, stores, findings];

/** The commit that was packed. It is read first, because the page itself changes meanwhile. */
const sources = commit();

const defaultNodes = '20,22,24,26';
const defaultTraces = '1000000';

const { values, positionals } = parseArgs({
  options: {
    /** Versions of Node, or paths of programs. */
    nodes: { type: 'string', default: defaultNodes },
    /** Those that the requests and the scale are measured under, because these take longest. */
    'long-nodes': { type: 'string', default: defaultNodes },
    /** Parts of the names of the calls that are measured, separated by commas. */
    only: { type: 'string' },
    /** The most traces in a store. */
    traces: { type: 'string', default: defaultTraces },
    /** The folder of an earlier commit that is built: it is measured beside this one, in place of the peers. */
    before: { type: 'string' },
    /** A smoke test: few rounds, small sizes, numbers that mean nothing. */
    quick: { type: 'boolean', default: false },
    /** The folder for the page and its plots. */
    out: { type: 'string' },
  },
  allowPositionals: true,
});

async function main(): Promise<void> {
  const chosen = chosenParts();
  const scratch = mkdtempSync(join(tmpdir(), 'ostrace-bench-'));
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
  const services: Service[] = [];
  try {
    installPeers(folder);
    installPacked(project, scratch);
    if (values.before !== undefined) {
      mkdirSync(beforeIn(scratch));
      installPacked(resolve(values.before), beforeIn(scratch));
    }
    const bench = await prepare(scratch, chosen, services);
    const out = outFolder();
    const results =
      out === undefined
        ? undefined
        : new Results(
            out,
            parts.map(({ name }) => name),
          );
    for (const part of chosen) await measure(part, bench, results, scratch);
    if (out !== undefined) say(`written to ${join(out, 'RESULTS.md')}`);
  } finally {
    closeSinks();
    await Promise.allSettled(services.map((service) => service.release()));
  }
}

/** Some of the calls are printed alone: the page has all of them. */
function outFolder(): string | undefined {
  if (values.out !== undefined) return resolve(values.out);
  return values.only === undefined ? folder : undefined;
}

const beforeIn = (scratch: string): string => join(scratch, 'before');

function chosenParts(): readonly Part[] {
  for (const name of positionals) {
    if (parts.some((part) => part.name === name)) continue;
    throw new Error(`"${name}" is no part; expected some of: ${parts.map((part) => part.name).join(', ')}`);
  }
  return positionals.length === 0 ? parts : parts.filter(({ name }) => positionals.includes(name));
}

async function prepare(scratch: string, chosen: readonly Part[], services: Service[]): Promise<Bench> {
  const sinkOf = await openSinks(peerNames);
  let servers: Record<string, string> = {};
  if (chosen.includes(requests)) {
    for (const kind of [postgresql, mariadb, redis, rabbitmq]) {
      const service = await provide(kind);
      services.push(service);
      servers = { ...servers, ...service.env };
    }
  }
  const traces = Number(values.traces);
  if (!(traces >= 1)) throw new Error(`--traces is "${values.traces}"; expected a number of 1 or more`);
  return {
    folder,
    places: {
      scratch,
      ...(values.before !== undefined && { before: beforeIn(scratch) }),
      peers: folder,
      sinkOf,
      servers,
    },
    nodes: [],
    isQuick: values.quick,
    only: values.only?.split(',').map((text) => text.trim()) ?? [],
    traces: values.quick ? Math.min(traces, 1000) : traces,
    say,
  };
}

async function measure(
  part: Part,
  bench: Bench,
  results: Results | undefined,
  scratch: string,
): Promise<void> {
  const isLong = part === requests || part === scale;
  const wanted = part === stores ? process.execPath : values[isLong ? 'long-nodes' : 'nodes'];
  const nodes = wanted
    .split(',')
    .filter((each) => each.trim() !== '')
    .map((each) => installNode(each.trim(), join(project, '.cache/nodes')));
  const started = performance.now();
  const before = loadavg()[0]!.toFixed(1);
  const section = await part.run({ ...bench, nodes });
  const minutes = Math.max(1, Math.round((performance.now() - started) / 60_000));
  const after = loadavg()[0]!.toFixed(1);
  const { length: cores, 0: cpu } = cpus();
  const peers = ['@opentelemetry/auto-instrumentations-node', 'dd-trace'].map(
    (name) => `${name} ${versionOf(folder, name)}`,
  );
  const about = [
    ...(values.quick ? ['**A quick run, which shows that it runs: its numbers mean nothing.**'] : []),
    `${new Date().toISOString().slice(0, 10)}, ostrace ${versionOf(scratch, 'ostrace')}${sources}${part === startup || part === requests ? ` beside ${peers.join(' and ')}` : ''}; Node ${nodes.map(({ version }) => version).join(', ')}; ${section.rounds}; ${minutes} min.`,
    `${cores} cores of ${cpu?.model.trim() ?? 'an unknown kind'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${systemType()} ${release()}; load before and after: ${before}, ${after}. \`${command(part, nodes, isLong)}\`, [how](${part.name}/README.md).`,
  ].join('\n');
  results?.write(part, about, section);
  console.log([`## ${part.title}`, '', about, '', ...section.lines].join('\n'));
}

/** The command that measures this part again, without paths, which are this machine's own. */
function command(part: Part, nodes: readonly Node[], isLong: boolean): string {
  const versions = nodes.map(({ version }) => version.split('.')[0]).join();
  return [
    'npm run bench --',
    part.name,
    ...(part === stores || versions === defaultNodes
      ? []
      : [`--${isLong ? 'long-nodes' : 'nodes'} ${versions}`]),
    ...(values.only === undefined || part !== calls ? [] : [`--only '${values.only}'`]),
    ...(values.traces === defaultTraces ? [] : [`--traces ${values.traces}`]),
    ...(values.quick ? ['--quick'] : []),
  ].join(' ');
}

/** The commit that was measured, if the sources are a repository. */
function commit(): string {
  try {
    const git = ['describe', '--always', '--dirty'];
    return ` at ${execFileSync('git', git, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()}`;
  } catch {
    return '';
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

// Each process that is measured is ended with this one.
process.setMaxListeners(0);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

main().catch((error: unknown) => {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 1;
});
