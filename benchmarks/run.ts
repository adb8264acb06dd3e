// Runs all benchmarks and writes the page of results: `npm run bench`, or `npm run bench -- --quick`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { installPacked, installPeers, versionOf } from './install.js';
import { type NodeResults, page } from './page.js';
import { measureRequests } from './requests/requests.js';
import { type Sink, openSink } from './requests/sink.js';
import { measureStartup } from './startup/startup.js';
import { type Places, variants } from './variants.js';

const project = resolve(__dirname, '../..');
const folder = join(project, 'benchmarks');

const { values } = parseArgs({
  options: {
    /** A smoke test: few rounds, and the page goes to the output only. */
    quick: { type: 'boolean', default: false },
    /** `startup` or `requests` alone; the page goes to the output only. */
    only: { type: 'string' },
    /** A Node to measure under; by default the one that runs this. */
    node: { type: 'string', multiple: true, default: [] },
    /** A Node to measure only the start-up under, because the requests take longest. */
    'startup-node': { type: 'string', multiple: true, default: [] },
  },
});

const rounds = values.quick
  ? { own: 2, peers: 1, warmUps: 0, requests: 2 }
  : { own: 15, peers: 3, warmUps: 14, requests: 7 };

async function main(): Promise<void> {
  const started = performance.now();
  const loadBefore = loadavg()[0]!.toFixed(1);
  const scratch = mkdtempSync(join(tmpdir(), 'ostrace-bench-'));
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
  const sink = await openSink();
  try {
    installPeers(folder);
    installPacked(project, scratch);
    const places: Places = { scratch, peers: folder, sink: sink.url };
    const own = values.node.length > 0 ? values.node : [process.execPath];
    const results: NodeResults[] = [];
    for (const node of own) results.push(await measure(node, places, sink));
    for (const node of values['startup-node']) results.push(await measure(node, places, undefined));
    results.sort((a, b) => Number.parseInt(a.version, 10) - Number.parseInt(b.version, 10));
    const text = page(
      {
        date: new Date().toISOString().slice(0, 10),
        minutes: Math.round((performance.now() - started) / 60_000),
        ostrace: `${versionOf(scratch, 'ostrace')}${commit()}`,
        openTelemetry: versionOf(folder, '@opentelemetry/auto-instrumentations-node'),
        load: `${loadBefore} and ${loadavg()[0]!.toFixed(1)}`,
        command: ['npm ci && npm run bench', ...given()].join(' '),
        rounds: `start-up: ${rounds.own} rounds, of the peer ${rounds.peers}; requests: ${rounds.requests} rounds`,
      },
      results,
    );
    if (values.quick || values.only !== undefined) console.log(text);
    else writeFileSync(join(folder, 'RESULTS.md'), text);
    say(`done in ${Math.round((performance.now() - started) / 1000)} s`);
  } finally {
    sink.close();
  }
}

/** @param sink the collector of the peer's spans; without it only the start-up is measured */
async function measure(node: string, places: Places, sink: Sink | undefined): Promise<NodeResults> {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().slice(1);
  const all = variants(places);
  // Traced is what happens to requests; such a process starts like an idle one.
  const starting = all.filter(({ signed }) => signed !== true);
  let startup: NodeResults['startup'] = [];
  let requests: NodeResults['requests'] = [];
  if (values.only !== 'requests') {
    say(`Node ${version}: start-up`);
    startup = await measureStartup(node, join(folder, 'startup'), starting, rounds);
  }
  if (values.only !== 'startup' && sink !== undefined) {
    say(`Node ${version}: requests`);
    requests = await measureRequests(node, join(folder, 'requests'), all, places, sink, rounds);
  }
  return { version, startup, requests };
}

/** Which state of the sources was measured, where they are a repository. */
function commit(): string {
  try {
    const git = ['describe', '--always', '--dirty'];
    return ` at ${execFileSync('git', git, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()}`;
  } catch {
    return '';
  }
}

/** The options that this run was given, for its page: without the paths, which are this machine's own. */
function given(): string[] {
  const options = [
    ...values.node.map(() => '--node PATH'),
    ...values['startup-node'].map(() => '--startup-node PATH'),
  ];
  return options.length === 0 ? [] : ['--', ...options];
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

main().catch((error: unknown) => {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 1;
});
