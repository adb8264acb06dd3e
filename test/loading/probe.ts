// One form of an application, asked with and without a signed header, under the agent and without it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import {
  type Run,
  type RunOptions,
  on,
  projectFolder,
  run,
  shape,
  signedHeaders,
  treeOf,
} from '../scenario.js';

export const folder = join(projectFolder, 'test/loading');

/** What one request of test/loading/serve.cjs is made of. */
export const wholeTree = 'wsgi(db db http(wsgi) command thread(thread_main))';

export interface Probe extends RunOptions {
  /** The tree of each signed request. */
  readonly tree?: string;
  /** How the same application starts without the agent, where that is not the same but for the agent. */
  readonly bare?: RunOptions;
  readonly path?: string;
  /** Lines of the agent's own on stderr are left to the test. */
  readonly mayWarn?: boolean;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An application's answer without the agent, and how it ended; once for all that start it the same way. */
const bareRuns = new Map<string, Promise<{ run: Run; answer: Answer }>>();

async function withoutAgent(t: TestContext, file: string, path: string, options: RunOptions) {
  const answers: Answer[] = [];
  const bare = await run(t, file, {
    ...options,
    onReady: async (port) => {
      for (let i = 0; i < 2; i++) answers.push(await ask(port, path, {}));
      await ask(port, '/end', {});
    },
  });
  const [first, second] = answers;
  assert.equal(first?.status, 200, `without the agent: ${first?.body} ${bare.stderr}`);
  assert.deepEqual(second, first, 'without the agent: two answers');
  return { run: bare, answer: first };
}

/**
 * Runs an application that prints its port and ends after a request for `/end`. The first request is the
 * signed one, so that what is loaded or connected late is so within a trace; the second is not signed.
 */
export async function probe(t: TestContext, file: string, options: Probe = {}): Promise<Run> {
  const { tree = wholeTree, bare = {}, path = '/', mayWarn = false, ...rest } = options;
  const bareOptions: RunOptions = { ...rest, load: 'none', ...bare };
  const id = JSON.stringify([file, path, bareOptions]);
  let expected = bareRuns.get(id);
  if (expected === undefined) {
    expected = withoutAgent(t, file, path, bareOptions);
    bareRuns.set(id, expected);
  }
  const { run: plain, answer } = await expected;

  const { base_id, headers } = signedHeaders();
  let wasAsked = false;
  const traced = await run(t, file, {
    ...rest,
    env: { ...on, ...rest.env },
    onReady: async (port) => {
      assert.deepEqual(await ask(port, path, headers), answer);
      assert.deepEqual(await ask(port, path, {}), answer);
      await ask(port, '/end', {});
      wasAsked = true;
    },
  });
  const said = mayWarn ? traced.stderr.replaceAll(/^ostrace: .*\n/gm, '') : traced.stderr;
  assert.equal(withoutPid(said), withoutPid(plain.stderr));
  assert.deepEqual([traced.code, traced.signal], [plain.code, plain.signal]);
  assert.ok(wasAsked, `it printed no port: ${traced.stdout}`);
  assert.equal(shape(treeOf(traced.events)), tree);
  assert.deepEqual(new Set(traced.events.map((event) => event.base_id)), new Set([base_id]), 'the traces');
  return traced;
}

/** One request's answer; what varies from one to the next is left out. */
export async function ask(port: string, path: string, headers: Record<string, string>): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port.trim()}${path}`, { headers });
  const { date: _varies, ...rest } = Object.fromEntries(response.headers);
  return { status: response.status, headers: rest, body: await response.text() };
}

export function withoutPid(text: string): string {
  return text.replace(/\(node:\d+\)/g, '(node)');
}
