// Jobs of BullMQ: each is one point where it is added and one for each time that it is handled, in every supported
// version; what an application sees of a job's options is what it has given; and what one job of a shared worker does
// is never in another one's trace.
// needs: agent packages redis
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { sendHundreds, sendUnsigned } from './fixtures/hundreds.js';
import { type SeenPoint, key, on, run, treeOf } from './scenario.js';
import { sameAs, writeApp } from './versions/app.js';
import { describedCalls } from './versions/described.js';
import { bullmqStyles } from './versions/expected.js';
import { installed } from './versions/installed.js';
import { bullmqRows } from './versions/matrix.js';

const fact = ({ start }: SeenPoint, name: string): unknown =>
  (start.info['rpc'] as Readonly<Record<string, unknown>> | undefined)?.[name];
const isHandled = (point: SeenPoint): number => Number(fact(point, 'kind') === 'consumer');

/**
 * The points without the commands to Redis, of which each version has its own. A job may be handled before what is done
 * after it was added, or after that.
 */
const withoutCommands = (points: readonly SeenPoint[]): readonly SeenPoint[] =>
  points
    .filter(({ name }) => name !== 'db')
    .toSorted((a, b) => isHandled(a) - isHandled(b))
    .map((point) => ({ ...point, children: withoutCommands(point.children) }));

// They wait for Redis most of the time.
describe('the versions', { concurrency: 3 }, () => {
  for (const [i, { packages, because, differs }] of bullmqRows.entries()) {
    const names = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
    // ES modules get the very same files, because it has no others that Node can load.
    const isEnd = i === 0 || i === bullmqRows.length - 1;
    for (const kind of isEnd ? (['cjs', 'mjs'] as const) : (['cjs'] as const)) {
      test(`${names.join(', ')}, ${kind}: each style gives what it gives without the agent, and its points (${because})`, async (t) => {
        const app = writeApp(t, installed(...names), kind, 'bullmq.cjs', { bullmq: 'bullmq' });
        const [bare, idle, traced] = await Promise.all([
          run(t, app, { load: 'none' }),
          run(t, app, { env: on }),
          run(t, app, { env: { ...on, OSTRACE_PROFILE: key } }),
        ]);
        assert.equal(bare.code, 0, bare.stderr);
        sameAs(bare, idle);
        assert.deepEqual(idle.files, []);
        sameAs(bare, traced);
        const [root, ...others] = treeOf(traced.events);
        assert.deepEqual(others, []);
        const points = withoutCommands(root!.children);
        assert.deepEqual(
          Object.fromEntries(points.map(({ name, children }) => [name, describedCalls(children)])),
          { ...bullmqStyles, ...differs },
        );
        const [again] = points.find(({ name }) => name === 'tried again')!.children;
        assert.deepEqual(
          again!.children.map((point) => fact(point, 'attempt')),
          [undefined, 2, 3],
        );
      });
    }
  }
});

const expected = {
  came: () => 'attempts,backoff',
  only: withoutCommands,
};

test('of hundreds of jobs of one worker, each is handled in its own trace or in none, whichever request made the worker', (t) =>
  sendHundreds(t, 'queues/bullmq.cjs', { ...expected, parts: (id) => [`rpc(rpc(handled ${id}))`] }));

test('a Redis that may not have signed headers gets none', (t) =>
  sendUnsigned(t, 'queues/bullmq.cjs', { ...expected, parts: () => ['rpc'] }));
