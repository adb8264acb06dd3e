// Tests of a library's styles in all supported versions.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { type SeenPoint, key, on, run, treeOf } from '../scenario.js';
import { sameAs, writeApp } from './app.js';
import { describedCalls } from './described.js';
import { installed } from './installed.js';
import type { Row } from './matrix.js';

/**
 * Runs an application without the agent, idle and traced. It must see the same in all of them, and an idle agent stores
 * nothing.
 *
 * @param settings of the agent; by default it is only on
 * @returns the point of the traced process
 */
export async function tracedAsBare(
  t: TestContext,
  app: string,
  settings: Readonly<Record<string, string>> = on,
  { env = {}, args = [] }: { readonly env?: Readonly<Record<string, string>>; readonly args?: string[] } = {},
): Promise<SeenPoint> {
  const bare = await run(t, app, { load: 'none', env, args });
  assert.equal(bare.code, 0, bare.stderr);
  const idle = await run(t, app, { env: { ...env, ...settings }, args });
  sameAs(bare, idle);
  assert.deepEqual(idle.files, []);
  const traced = await run(t, app, { env: { ...env, ...settings, OSTRACE_PROFILE: key }, args });
  sameAs(bare, traced);
  const [root, ...others] = treeOf(traced.events);
  assert.deepEqual(others, []);
  return root!;
}

/** The process's own points, which belong to no style: it connects, and handles what was sent in none. */
const ofProcess: ReadonlySet<string> = new Set(['http', 'wsgi', 'rpc']);

/**
 * Runs a program of test/versions in each version, in CommonJS and as an ES module: each style gives what it gives without
 * the agent, and its points.
 *
 * @param body the program, in test/versions
 * @param imports what the program is given, by the names of its parameters
 * @param styles the points of each style, as `describedCalls` writes them
 */
export function testStyles(
  rows: readonly Row[],
  body: string,
  imports: (packages: readonly string[]) => Readonly<Record<string, string>>,
  styles: Readonly<Record<string, string>>,
): void {
  for (const { packages, because, differs } of rows) {
    const names = Object.keys(packages);
    const [name, version] = Object.entries(packages)[0]!;
    for (const kind of ['cjs', 'mjs'] as const) {
      test(`${name} ${version}, ${kind}: each style gives what it gives without the agent, and its points (${because})`, async (t) => {
        const folder = installed(...names.map((each) => `${each}@${packages[each]}`));
        const app = writeApp(t, folder, kind, body, imports(names));
        const root = await tracedAsBare(t, app);
        const points = root.children.filter((point) => !ofProcess.has(point.name));
        assert.deepEqual(
          Object.fromEntries(points.map((point) => [point.name, describedCalls(point.children)])),
          { ...styles, ...differs },
        );
      });
    }
  }
}
