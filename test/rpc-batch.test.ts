// The contract of functions that handle batches of messages, on a library of a page: which trace a batch stands in, and
// what it links to.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import type { AgentPort } from '../src/hooks/port.js';
import { rpc } from '../src/hooks/targets/rpc.js';
import { createVerifier } from '../src/propagation/verify.js';
import { type Context, place } from '../src/trace/context.js';
import type { Info } from '../src/trace/event.js';
import { traceHeaders } from '../src/trace/headers.js';
import { FixedInfo } from '../src/trace/info.js';
import { newId } from '../src/trace/ids.js';
import { connect } from '../src/trace/point.js';
import { tracing } from '../src/trace/trace.js';

type Handler = (this: unknown, batch: readonly object[]) => unknown;

/** A library that hands batches to whoever consumes them. */
class Bus {
  options: { readonly each: Handler } | undefined;

  run(options: { readonly each: Handler }): void {
    this.options = options;
  }
}

const hmac_key = 'test-key';
const { verify } = createVerifier({ hmacKeys: [hmac_key], profile: undefined, hmacMaxAge: 60 });

const [hook] = rpc({
  library: 'bus',
  system: 'test',
  files: [
    {
      file: 'bus/lib/bus',
      methods: {
        run: {
          registers: {
            each: {
              isBatch: true,
              calleeOf: (batch) => ({ destination: 'orders', messages: (batch as unknown[]).length }),
              extract: (batch) => batch,
            },
          },
        },
      },
    },
  ],
}).hooks({ verify } as AgentPort);
hook!.install(
  Bus,
  () => {},
  () => {},
  '',
);

interface Seen {
  readonly context: Context;
  readonly message: string;
  readonly info: Info | undefined;
}

const events: Seen[] = [];
connect((context, message, info) => {
  events.push({ context, message, info: info !== undefined && FixedInfo.is(info) ? info.info : info });
});

beforeEach(() => {
  events.length = 0;
});

/** Hands a batch to a consumer of its own. */
function handle(batch: readonly object[], handler: Handler): unknown {
  const bus = new Bus();
  const options = Object.freeze({ each: handler });
  bus.run(options);
  return Reflect.apply(bus.options!.each, 'this', [batch]);
}

interface Sender {
  readonly base_id: string;
  readonly parent_id: string;
}

const sender = (base_id = newId()): Sender => ({ base_id, parent_id: newId() });
const signed = (from: Sender, key = hmac_key): object => traceHeaders({ ...from, hmac_key: key });
const linkTo = ({ base_id, parent_id }: Sender): object => ({ base_id, trace_id: parent_id });

/** The points that have started: where, below what, and what they link to. */
const started = (): readonly unknown[] =>
  events
    .filter(({ message }) => message === 'start')
    .map(({ context, info }) => [
      context.trace.base_id,
      context.parent.text,
      (info!['rpc'] as { links?: unknown }).links,
    ]);

test('a batch of one sender is handled below it', () => {
  const one = sender();
  let seen: unknown;
  const batch = [signed(one), signed(one)];
  const result = handle(batch, function (...args) {
    seen = [this, args, place()?.trace.base_id];
    return 'result';
  });
  assert.deepEqual([result, seen], ['result', ['this', [batch], one.base_id]]);
  assert.deepEqual(started(), [[one.base_id, one.parent_id, undefined]]);
  assert.deepEqual(events[1]!.message, 'stop');
});

test('a batch of several senders of one trace is below the first and links to the others', () => {
  const one = sender();
  const other = sender(one.base_id);
  handle([signed(one), signed(other), signed(one)], () => {});
  assert.deepEqual(started(), [[one.base_id, one.parent_id, [linkTo(other)]]]);
});

const mixed: Readonly<Record<string, object>> = {
  'one of another trace': signed(sender()),
  'one of no trace': { own: 'a' },
  'one that another key has signed': signed(sender(), 'another key'),
};
for (const [what, message] of Object.entries(mixed)) {
  test(`a batch with ${what} is in none of the traces, and each that it holds links to it`, async () => {
    const one = sender();
    const { live } = tracing;
    let within: Context | undefined;
    await (handle([signed(one), message], async () => {
      within = place();
      await Promise.resolve();
      assert.equal(place()?.trace.base_id, within!.trace.base_id);
    }) as Promise<void>);
    const own = within!.trace.base_id;
    const [batch, ...marks] = started() as [string, string, object[]][];
    assert.deepEqual([batch![0], batch![1]], [own, own]);
    assert.deepEqual(batch![2][0], linkTo(one));
    assert.deepEqual(marks[0], [one.base_id, one.parent_id, [{ base_id: own, trace_id: within!.id.text }]]);
    assert.equal(marks.length, batch![2].length);
    assert.equal(events.length, 2 * (1 + marks.length), 'all have stopped');
    assert.ok(tracing.live > live);
  });
}

test('a batch that nobody has signed is handled outside of any trace', () => {
  let seen: unknown = 'not called';
  handle([{ own: 'a' }, signed(sender(), 'another key')], () => {
    seen = place();
  });
  assert.deepEqual([seen, events], [undefined, []]);
});

test('of an endless batch, a hundred senders are looked at; what is beyond may be of any trace', () => {
  const { base_id } = sender();
  handle(
    Array.from({ length: 200 }, () => signed(sender(base_id))),
    () => {},
  );
  const [batch, ...marks] = started() as [string, string, object[]][];
  assert.notEqual(batch![0], base_id);
  assert.deepEqual([batch![2].length, marks.length], [100, 100]);
});

test('a batch that fails has failed in all of its traces, and the library sees the very error', async () => {
  const error = new RangeError('too far');
  const batch = [signed(sender()), signed(sender())];
  const throwing = (): never => {
    throw error;
  };
  assert.throws(
    () => handle(batch, throwing),
    (thrown) => thrown === error,
  );
  await assert.rejects(
    handle(batch, () => Promise.reject(error)) as Promise<void>,
    (thrown) => thrown === error,
  );
  const stops = events.filter(({ message }) => message === 'stop');
  assert.deepEqual(
    stops.map(({ info }) => info!['etype']),
    Array.from({ length: 6 }, () => 'RangeError'),
  );
});
