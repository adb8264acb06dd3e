// A message's headers continue the trace of its sender.
// needs: agent
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { on, run, scenario, treeOf } from './scenario.js';

interface Seen {
  /** How many forms of headers did not lead to the sender's point. */
  readonly forms: number;
  readonly names: readonly string[];
  readonly sender?: string;
  readonly refused: readonly unknown[];
}

const rest = {
  long: true,
  refused: [],
  others: true,
  surrounding: true,
  same: true,
  failures: ['sync', 'sync', 'sync'],
  after: true,
};

for (const file of ['continue.cjs', 'continue.mjs']) {
  for (const [what, env] of Object.entries({
    'for ever': on,
    'for a minute': { ...on, OSTRACE_HMAC_MAX_AGE: '60' },
  })) {
    test(`${file}: what a message's headers ask for is below its sender's point, headers good ${what}`, async (t) => {
      const { stdout, stderr, events } = await run(t, scenario(file), { env });
      assert.equal(stderr, '');
      const { forms, names, sender, ...others } = JSON.parse(stdout) as Seen;
      assert.deepEqual({ forms, ...others }, { forms: 0, ...rest });
      const base_id = events.find(({ name }) => name === 'producer-start')!.base_id;
      const [producer, ...more] = treeOf(events, base_id);
      assert.equal(producer!.start.trace_id, sender);
      assert.deepEqual(more, [], 'nothing stands beside the sender');
      const points = producer!.children.map(({ start }) => start.name.slice(0, -'-start'.length));
      assert.equal(points.length, names.length + 1, points.join());
      assert.ok(
        !events.some(({ name }) => name.startsWith('refused')),
        'headers that are refused made a point',
      );
    });
  }

  test(`${file}: without the agent the function is called, and that is all`, async (t) => {
    const { stdout, stderr, events } = await run(t, scenario(file), { load: 'none' });
    const { forms, refused, failures } = JSON.parse(stdout) as Seen & { failures: unknown };
    assert.deepEqual([forms, refused, failures, stderr, events], [0, [], rest.failures, '', []]);
  });
}

test('without a function it is one and the same TypeError, with the agent and without', async (t) => {
  const code = `
    const { profiler } = require('ostrace');
    const said = [];
    const ask = (call) => {
      try {
        call();
      } catch (error) {
        said.push(error.constructor.name + ': ' + error.message);
      }
    };
    profiler.init('test-key');
    for (const headers of [undefined, {}, profiler.traceHeaders()]) ask(() => profiler.continue(headers));
    for (const fn of [null, {}, 'text']) ask(() => profiler.continue({}, fn));
    for (const rest of [[], ['x'], ['x', {}], ['x', {}, 5]]) ask(() => profiler.trace(...rest));
    console.log(JSON.stringify(said));`;
  const wanted = [
    ...Array<string>(6).fill('TypeError: profiler.continue(headers, fn): fn is not a function'),
    ...Array<string>(4).fill('TypeError: profiler.trace(name, info, fn): fn is not a function'),
  ];
  for (const options of [{ env: on }, { load: 'none' }] as const) {
    const { stdout, events } = await run(t, '-e', { args: [code], ...options });
    assert.deepEqual(JSON.parse(stdout), wanted);
    assert.deepEqual(events, []);
  }
});

test('headers that are older than OSTRACE_HMAC_MAX_AGE, or say no time, continue no trace', async (t) => {
  const code = `
    const { profiler } = require('ostrace');
    profiler.init('test-key');
    const sent = profiler.traceHeaders();
    const { 'X-Trace-Time': time, ...timeless } = sent;
    profiler.clean();
    const { now } = Date;
    const inside = (headers) => profiler.continue(headers, () => profiler.get() !== undefined);
    const seen = [inside(sent), inside(timeless)];
    Date.now = () => now() + 61_000;
    console.log(JSON.stringify([...seen, inside(sent)]));`;
  const { stdout } = await run(t, '-e', { args: [code], env: { ...on, OSTRACE_HMAC_MAX_AGE: '60' } });
  assert.deepEqual(JSON.parse(stdout), [true, false, false]);
});

test('in a process that is a trace as a whole, what no header asks for belongs to that, as a request does', async (t) => {
  const code = `
    const { profiler } = require('ostrace');
    profiler.continue({}, () => profiler.trace('message', () => {}));`;
  const { events } = await run(t, '-e', { args: [code], env: { ...on, OSTRACE_PROFILE: 'key' } });
  const [root] = treeOf(events);
  assert.deepEqual(
    root!.children.map(({ name }) => name),
    ['message'],
  );
});
