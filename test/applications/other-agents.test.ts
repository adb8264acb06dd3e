// Another agent in the same process, loaded before ours and after it: the application works, our tree is
// whole and has nothing twice, and the other one records what it records alone.
// needs: agent packages postgresql mariadb
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, after, before, test } from 'node:test';

import { ask, folder, withoutPid } from '../loading/probe.js';
import { type Run, type RunOptions, on, preload, run, shape, signedHeaders, treeOf } from '../scenario.js';
import { type Collector, type Counts, openCollector } from './collector.js';
import { applications, installApplications } from './install.js';

const [major = 0] = process.versions.node.split('.').map(Number);

interface Agent {
  readonly name: string;
  readonly form: string;
  readonly flags: readonly string[];
  /** What it records of the drivers, at least. */
  readonly records: readonly string[];
}

const openTelemetry = '@opentelemetry/auto-instrumentations-node/register';
// dd-trace 6 needs Node 22; of 5 it is said that it works on all.
const ddTrace = major >= 22 ? 'dd-trace' : 'dd-trace5';

const agents: readonly Agent[] = [
  {
    name: 'OpenTelemetry, CommonJS',
    form: 'require-node.cjs',
    flags: ['--require', openTelemetry],
    records: ['GET', 'SELECT', 'pg.query:SELECT', 'pg-pool.connect'],
  },
  {
    name: 'OpenTelemetry with its loader, an ES module',
    form: 'import-named.mjs',
    flags: ['--import', openTelemetry, '--experimental-loader', '@opentelemetry/instrumentation/hook.mjs'],
    records: ['GET', 'SELECT', 'pg.query:SELECT', 'pg-pool.connect'],
  },
  {
    name: 'dd-trace, CommonJS',
    form: 'require-node.cjs',
    flags: ['--require', `${ddTrace}/init`],
    records: ['http.request', 'mysql.query', 'pg.query', 'web.request'],
  },
  {
    name: 'dd-trace with its loader, an ES module',
    form: 'import-named.mjs',
    flags: ['--import', `${ddTrace}/initialize.mjs`],
    records: ['http.request', 'mysql.query', 'pg.query', 'web.request'],
  },
];

let collector: Collector;
before(async () => {
  await installApplications();
  collector = await openCollector();
});
after(() => collector.close());

/** All that the agents send goes to our own collector, and at once. */
const settings = (): Record<string, string> => ({
  OTEL_TRACES_EXPORTER: 'otlp',
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  OTEL_BSP_SCHEDULE_DELAY: '20',
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_LOGS_EXPORTER: 'none',
  OTEL_NODE_RESOURCE_DETECTORS: 'none',
});
const ddSettings = (): Record<string, string> => ({
  DD_TRACE_AGENT_URL: collector.url,
  DD_TRACE_FLUSH_INTERVAL: '20',
  DD_TRACE_STARTUP_LOGS: 'false',
  DD_REMOTE_CONFIGURATION_ENABLED: 'false',
});

for (const agent of agents) {
  const ours = [agent.flags[0]!, preload];
  const orders = { before: [...agent.flags, ...ours], after: [...ours, ...agent.flags] };
  test(`${agent.name}: loaded before ours and after it, both record all`, async (t) => {
    const alone = await play(t, agent, { nodeArgs: agent.flags });
    for (const name of agent.records) {
      assert.ok(
        Object.keys(alone.counts).some((each) => each.startsWith(name)),
        `alone it did not record ${name}: ${JSON.stringify(alone.counts)}`,
      );
    }
    for (const [order, nodeArgs] of Object.entries(orders)) {
      const both = await play(t, agent, { nodeArgs, env: { ...on, OSTRACE_TRACE_SQL: 'true' } });
      assert.equal(
        shape(treeOf(both.run.events)),
        'wsgi(db(sql) db(sql) http(wsgi) command thread(thread_main))',
        `it was loaded ${order} ours`,
      );
      assert.deepEqual(new Set(both.run.events.map((event) => event.base_id)), new Set([both.base_id]));
      assert.deepEqual(steady(both.counts), steady(alone.counts), `it was loaded ${order} ours`);
      assert.deepEqual(both.answers, alone.answers);
      assert.equal(withoutPid(both.run.stderr), withoutPid(alone.run.stderr));
      assert.deepEqual([both.run.code, both.run.signal], [0, null]);
    }
  });
}

/** Without what depends on time: a connection that waits for too long is closed, and another one opened. */
function steady(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).filter(([name]) => name !== 'tcp.connect'));
}

interface Played {
  readonly run: Run;
  readonly base_id: string;
  readonly answers: readonly unknown[];
  readonly counts: Counts;
}

/** One signed request, and one that is not. */
async function play(t: TestContext, { form, name }: Agent, options: RunOptions): Promise<Played> {
  const { base_id, headers } = signedHeaders();
  const answers: unknown[] = [];
  collector.take();
  const env = name.startsWith('dd') ? ddSettings() : settings();
  const ended = await run(t, join(folder, 'forms', form), {
    ...options,
    load: 'none',
    cwd: applications,
    env: { ...env, ...options.env },
    onReady: async (port) => {
      answers.push(await ask(port, '/', headers), await ask(port, '/', {}));
      await ask(port, '/end', {});
    },
  });
  return { run: ended, base_id, answers, counts: collector.take() };
}
