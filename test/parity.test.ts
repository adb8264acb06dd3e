// An application sees what it sees without the agent: each case, in each way in which the agent can be there.
// needs: agent postgresql mariadb
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { type Pair, same } from './parity/same.js';
import { type Api, type Variant, apis, exceptionOf, folder, variants } from './parity/suite.js';
import { agentFolder, key, run, scratch } from './scenario.js';

const { stackOf } = require(join(folder, 'describe.cjs')) as {
  stackOf(text: string, agentFolder: string): string;
};
const agentFiles = join(agentFolder, 'dist');
const node = Number(process.versions.node.split('.')[0]);

type Sights = Readonly<Record<string, readonly (readonly [label: string, seen: unknown])[]>>;

/** What came out of one run: what its cases saw, and how the process ended. */
interface Outcome {
  readonly sights: Sights;
  readonly end: { readonly code: number | null; readonly signal: string | null; readonly stdout: string };
  readonly stderr: string;
  readonly points: ReadonlySet<string>;
}

// The same variables in each: their number changes the order in which a thread sees them.
const settings: Readonly<Record<Variant, Readonly<Record<string, string>>>> = {
  none: { OSTRACE_ENABLED: 'false', OSTRACE_PROFILE: '' },
  off: { OSTRACE_ENABLED: 'false', OSTRACE_PROFILE: '' },
  idle: { OSTRACE_ENABLED: 'true', OSTRACE_PROFILE: '' },
  beside: { OSTRACE_ENABLED: 'true', OSTRACE_PROFILE: '' },
  traced: { OSTRACE_ENABLED: 'true', OSTRACE_PROFILE: key },
};

async function play(t: TestContext, api: Api, variant: Variant, only?: string): Promise<Outcome> {
  const out = join(scratch(t), 'sights.json');
  const isBare = variant === 'none';
  const { events, code, signal, stdout, stderr } = await run(t, join(folder, 'play.cjs'), {
    load: isBare ? 'none' : 'require',
    nodeArgs: isBare ? ['--require', join(folder, 'nothing.cjs')] : [],
    args: [out, api.file, ...(only === undefined ? [] : [only])],
    env: {
      OSTRACE_HMAC_KEYS: key,
      OSTRACE_TRACE_SQL: 'true',
      ...settings[variant],
      ...(api.name === 'worker-pools' && { OSTRACE_INSTRUMENT_TINYPOOL: 'true' }),
      PARITY_VARIANT: variant,
      PARITY_AGENT: agentFiles,
    },
  });
  let sights: Sights = {};
  try {
    sights = JSON.parse(readFileSync(out, 'utf8')) as Sights;
  } catch {
    // A case that ends the process before it has seen anything is compared by its end alone.
    assert.ok(
      only !== undefined,
      `${api.name}, ${variant}: no case came out, exit ${code}, ${signal}: ${stdout}${stderr}`,
    );
  }
  const points = new Set(events.map(({ name }) => name.replace(/-(?:start|stop)$/, '')));
  return { sights, end: { code, signal, stdout }, stderr: comparable(stderr), points };
}

/** What a process wrote, without what differs from one to the next. */
function comparable(stderr: string): string {
  return (
    stackOf(stderr, agentFiles)
      .replaceAll(/\(node:\d+\)|\bpid: \d+/g, 'pid')
      // Threads that run when the process ends may record more than there is time to store. It is kept, and said.
      .replaceAll(/^ostrace: \d+ events? waits? in .*: the process ended\n/gm, '')
      // A thread's error comes by a message or, when that is read late, at its end.
      .replaceAll(/^ +at (?:\[kOnExit\]|.*\.onexit) \(node:internal\/worker.*\n/gm, '')
  );
}

/** The run without the agent, once for all variants. */
const bare = new Map<string, Promise<Outcome>>();

function withoutAgent(t: TestContext, api: Api, only?: string): Promise<Outcome> {
  const id = `${api.name} ${only}`;
  let outcome = bare.get(id);
  if (outcome === undefined) {
    outcome = play(t, api, 'none', only);
    bare.set(id, outcome);
  }
  return outcome;
}

/** Compares what is looked at of two runs by the suite's rule, and plays the case anew where it differs. */
async function compare<Seen>(
  t: TestContext,
  { api, variant, only }: { readonly api: Api; readonly variant: Variant; readonly only?: string },
  [actual, expected]: Pair<Outcome>,
  look: (outcome: Outcome) => Seen,
): Promise<void> {
  const playBoth = async (first: Variant): Promise<Pair<Seen>> => [
    look(await play(t, api, first, only)),
    look(await play(t, api, 'none', only)),
  ];
  await same(
    [look(actual), look(expected)],
    () => playBoth(variant),
    () => playBoth('none'),
  );
}

for (const api of apis()) {
  for (const variant of variants.slice(1)) {
    if (api.cases.length > 0) {
      test(`${api.name}, ${variant}: an application sees what it sees without the agent`, async (t) => {
        const expected = await withoutAgent(t, api);
        const actual = await play(t, api, variant);
        assert.deepEqual(Object.keys(expected.sights), api.cases, 'the cases that were played');
        for (const name of api.cases) {
          const exception = exceptionOf(api, name, variant, node);
          if (exception !== undefined) {
            await t.test(name, { skip: exception.because });
            continue;
          }
          const labels = expected.sights[name]!.map(([label]) => label);
          assert.ok(labels.length > 0, `${name}: nothing was looked at`);
          const broken = labels.filter((label) => label === 'the case' || label === 'the case threw');
          assert.deepEqual(broken, [], `${name}: the case itself is broken`);
          await t.test(name, () =>
            compare(t, { api, variant, only: name }, [actual, expected], ({ sights }) => sights[name]),
          );
        }
        await compare(t, { api, variant }, [actual, expected], ({ end, stderr }) => ({ end, stderr }));
        const expectedPoints = { traced: api.points, idle: api.triggered }[variant as string] ?? [];
        const missing = expectedPoints.filter((point) => !actual.points.has(point));
        assert.deepEqual(missing, [], 'points that this run did not make');
      });
    }
    for (const name of api.ends) {
      const skip = exceptionOf(api, name, variant, node)?.because ?? false;
      test(`${api.name}, ${variant}: ${name}`, { skip }, async (t) => {
        const first = [await play(t, api, variant, name), await withoutAgent(t, api, name)] as const;
        await compare(t, { api, variant, only: name }, first, ({ sights, end, stderr }) => ({
          sights,
          end,
          stderr,
        }));
      });
    }
  }
}
