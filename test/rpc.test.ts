// The contract of remote procedure calls, on a library of a page: what a received message's headers may do, and what
// becomes of the function that handles it.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import type { AgentPort } from '../src/hooks/port.js';
import { unobserved } from '../src/hooks/calls/ends.js';
import { type Outcome, type Serving, rpc } from '../src/hooks/targets/rpc.js';
import type { Carried, Given, Sender } from '../src/propagation/recipients.js';
import { createVerifier } from '../src/propagation/verify.js';
import { type Context, place } from '../src/trace/context.js';
import type { Info } from '../src/trace/event.js';
import { traceHeaders } from '../src/trace/headers.js';
import { FixedInfo } from '../src/trace/info.js';
import { newId } from '../src/trace/ids.js';
import { connect } from '../src/trace/point.js';
import { tracing } from '../src/trace/trace.js';

type Handler = (this: unknown, message: object, more?: unknown) => unknown;

interface Options {
  readonly headers?: object;
}

/** A library that hands messages to whoever consumes them. */
class Broker {
  handlers: Handler[] = [];
  sent: readonly unknown[] = [];

  send(...args: [text: string, options?: Options]): void {
    this.sent = args;
  }

  consume(_queue: string, handler: Handler): number {
    return this.handlers.push(handler);
  }
}

const hmac_key = 'test-key';
const { verify } = createVerifier({ hmacKeys: [hmac_key], profile: undefined, hmacMaxAge: 60 });

/** Told by `ends`; undefined where a test has nothing tell of a message's end. */
let serving: Serving | undefined;
let hasEnds = false;
let extract = (message: unknown): unknown => (message as { headers?: unknown }).headers;

/** Decides what a message carries. */
let answer: (...args: [Sender, Given]) => Carried | undefined = () => undefined;

const [hook] = rpc({
  library: 'broker',
  system: 'test',
  files: [
    {
      file: 'broker/lib/broker',
      methods: {
        send: {
          kind: 'producer',
          callee: () => ({ destination: 'orders' }),
          ends: [unobserved],
          carries: {
            socket: () => undefined,
            headers: (args) => (args[1] as Options | undefined)?.headers,
            inject: (args, headers) => void (args[1] = { headers }),
          },
        },
        consume: {
          kind: 'consumer',
          handler: 1,
          callee: ([queue]) => ({ destination: String(queue) }),
          extract: (message) => extract(message),
          ends(given) {
            serving = given;
            return hasEnds;
          },
        },
      },
    },
  ],
}).hooks({
  verify,
  messageHeaders: (sender, _socket, given) => answer(sender, given),
} as AgentPort);
hook!.install(
  Broker,
  () => {},
  () => {},
  '',
);

const events: { readonly context: Context; readonly message: string; readonly info: Info | undefined }[] = [];
connect((context, message, info) => {
  events.push({ context, message, info: info !== undefined && FixedInfo.is(info) ? info.info : info });
});

beforeEach(() => {
  events.length = 0;
  serving = undefined;
  hasEnds = false;
});

/** Hands a message to a consumer of its own. */
function handle(message: object, handler: Handler): unknown {
  const broker = new Broker();
  assert.equal(broker.consume('orders', handler), 1);
  return Reflect.apply(broker.handlers[0]!, 'this', [message, 'more']);
}

const lower = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
const [base_id, parent_id] = [newId(), newId()];
const good = lower(traceHeaders({ base_id, parent_id, hmac_key }));
const info = 'x-trace-info';
const hmac = 'x-trace-hmac';
const time = 'x-trace-time';

test('a message that is signed is handled below its sender, and its headers stay as they are', () => {
  const message = { headers: Object.freeze({ ...good, own: 'a' }) };
  let seen: readonly unknown[] = [];
  const result = handle(message, function (...args) {
    seen = [this, args, place()?.point, place()?.trace.base_id];
    return 'result';
  });
  assert.equal(result, 'result');
  assert.deepEqual(seen, ['this', [message, 'more'], 'rpc', base_id]);
  assert.deepEqual(message.headers, { ...good, own: 'a' });
  assert.deepEqual(
    events.map(({ context, message: which, info: said }) => [context.parent.text, which, said]),
    [
      [
        parent_id,
        'start',
        {
          rpc: {
            kind: 'consumer',
            system: 'test',
            service: undefined,
            method: undefined,
            destination: 'orders',
            attempt: undefined,
            messages: undefined,
            links: undefined,
          },
        },
      ],
      [parent_id, 'stop', undefined],
    ],
  );
});

const forms: Readonly<Record<string, unknown>> = {
  bytes: { ...good, [info]: Buffer.from(good[info]!), [hmac]: Buffer.from(good[hmac]!) },
  'names in another case': traceHeaders({ base_id, parent_id, hmac_key }),
  'a map': new Map(Object.entries(good)),
  'lists of values': Object.fromEntries(Object.entries(good).map(([name, value]) => [name, [value]])),
  'the last of so many': {
    ...Object.fromEntries(Array.from({ length: 240 }, (_, i) => [`own-${i}`, 'x'.repeat(10_000)])),
    ...good,
  },
};
for (const [what, headers] of Object.entries(forms)) {
  test(`a signed message is known by its headers: ${what}`, () => {
    handle({ headers }, () => {});
    assert.deepEqual(
      events.map(({ context, message }) => [context.trace.base_id, message]),
      [
        [base_id, 'start'],
        [base_id, 'stop'],
      ],
    );
  });
}

const other = lower(traceHeaders({ base_id, parent_id, hmac_key: 'another key' }));
const refused: Readonly<Record<string, unknown>> = {
  'no headers': undefined,
  'no trace': { own: 'a' },
  'no signature': { [info]: good[info], [time]: good[time] },
  'the signature of another key': other,
  'the signature of another trace': { ...other, [info]: good[info] },
  'no time, where headers age': { [info]: good[info], [hmac]: good[hmac] },
  'the time of another key': { ...good, [time]: other[time] },
  'more than 4 kB': { ...good, [info]: good[info]! + ' '.repeat(5000) },
  'more than 4 kB of bytes': { ...good, [info]: Buffer.alloc(5000, good[info]) },
  'a value twice': { ...good, [info]: [good[info], good[info]] },
  'a name twice': { ...good, 'X-Trace-Info': good[info] },
  'too many headers before it': {
    ...Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`own-${i}`, ''])),
    ...good,
  },
  numbers: { [info]: 1, [hmac]: 2 },
  'a text': JSON.stringify(good),
  'a getter that throws': {
    get [info](): string {
      throw new Error('not yours');
    },
  },
  'a list without an end': {
    *[Symbol.iterator]() {
      for (;;) yield ['own', 'a'];
    },
  },
};
for (const [what, headers] of Object.entries(refused)) {
  test(`a message is handled outside of any trace, and nothing is told of it: ${what}`, () => {
    let seen: unknown = 'not called';
    const { live } = tracing;
    const result = handle({ headers }, () => {
      seen = place();
      return 'result';
    });
    assert.deepEqual([result, seen, events, tracing.live], ['result', undefined, [], live]);
  });
}

test('a point ends once, as what watches it tells, and not when its function returns', () => {
  hasEnds = true;
  handle({ headers: good }, () => {});
  assert.deepEqual(
    events.map(({ message }) => message),
    ['start'],
  );
  const outcome: Outcome = { end: 'failed', status: 'NOT_FOUND', message: 'x'.repeat(5000) };
  serving!.stop(outcome);
  serving!.stop({ end: 'done', status: 'OK' });
  const [, stop, ...more] = events;
  assert.deepEqual(more, []);
  assert.deepEqual(
    { ...stop!.info, message: undefined },
    { etype: 'NOT_FOUND', message: undefined, rpc: { status: 'NOT_FOUND' } },
  );
  assert.ok((stop!.info!['message'] as string).length < 2000, 'an endless message is cut');
});

test('what a message is given up by is no failure', () => {
  hasEnds = true;
  handle({ headers: good }, () => {});
  serving!.stop({ end: 'cancelled' });
  assert.deepEqual(events[1]!.info, { cancelled: true });
});

test('what the function throws is the library`s to see, and the point`s end', () => {
  const error = new RangeError('too far');
  assert.throws(
    () =>
      handle({ headers: good }, () => {
        throw error;
      }),
    (thrown) => thrown === error,
  );
  assert.deepEqual(events[1]!.info, { etype: 'RangeError', message: 'too far' });
});

test('a message ends where its consumer throws, also if something else would tell of its end', () => {
  hasEnds = true;
  const error = new RangeError('too far');
  const throwing = (): never => {
    throw error;
  };
  assert.throws(
    () => handle({ headers: good }, throwing),
    (thrown) => thrown === error,
  );
  assert.deepEqual(events[1]!.info, { etype: 'RangeError', message: 'too far' });
});

test('a message carries what it may, in a copy of its headers; what was passed on of the trace is replaced', () => {
  const ours = { 'X-Trace-Info': 'a', 'X-Trace-HMAC': 'b' };
  const options: Options = Object.freeze({ headers: Object.freeze({ own: 1, 'X-TRACE-INFO': 'old' }) });
  const sent = (decide: typeof answer, given: Options | undefined = options): unknown => {
    answer = decide;
    const broker = new Broker();
    handle({ headers: good }, () => broker.send('text', given));
    return broker.sent[1];
  };
  let asked: unknown;
  const result = sent(({ context, isPoint }, given) => {
    asked = [context.trace.base_id, context.point, isPoint, given('x-trace-info'), given('authorization')];
    return ours;
  });
  assert.deepEqual(asked, [base_id, 'rpc', true, ['old'], []]);
  assert.deepEqual(result, { headers: { own: 1, 'x-trace-info': 'a', 'x-trace-hmac': 'b' } });
  assert.deepEqual(options, { headers: { own: 1, 'X-TRACE-INFO': 'old' } });
  assert.equal(
    sent(() => undefined),
    options,
    'it stays the very object',
  );
  assert.deepEqual(
    sent(() => ({})),
    { headers: { own: 1 } },
  );
  assert.deepEqual(
    sent(() => ours, {}),
    { headers: { 'x-trace-info': 'a', 'x-trace-hmac': 'b' } },
  );
});

test('what is no function is handed on as it is', () => {
  const broker = new Broker();
  broker.consume('orders', 'none' as never);
  assert.deepEqual(broker.handlers, ['none']);
});

test('what throws in an instrumentation is told once; the message is handled, then and after', (t) => {
  const said: string[] = [];
  t.mock.method(require('node:fs') as typeof import('node:fs'), 'writeSync', (_fd: number, text: string) => {
    said.push(text);
  });
  const asked = extract;
  extract = () => {
    throw new Error('a mistake');
  };
  const handled: unknown[] = [];
  for (const n of [1, 2]) handle({ headers: good }, () => handled.push(n));
  extract = asked;
  assert.deepEqual([handled, events], [[1, 2], []]);
  assert.equal(said.length, 1);
  assert.match(said[0]!, /broker Broker\.consume failed and is switched off.*a mistake/);
});
