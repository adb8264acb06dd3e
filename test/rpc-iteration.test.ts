// The contract's iterators of messages, on a library of a page: where the body of a loop runs, where everything else does,
// and what who takes messages by hand sees.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { inspect } from 'node:util';

import { type RpcIteration, rpc } from '../src/hooks/targets/rpc.js';
import type { AgentPort } from '../src/hooks/port.js';
import { createVerifier } from '../src/propagation/verify.js';
import { place, runIn, tracedBy } from '../src/trace/context.js';
import { traceHeaders } from '../src/trace/headers.js';
import { newId } from '../src/trace/ids.js';
import { connect } from '../src/trace/point.js';

interface Message {
  readonly text: string;
  readonly headers?: object;
}

/** A library whose messages come by an iterator. */
class Feed {
  readonly name = 'orders';
  readonly messages: (Message | Error)[];
  seen: unknown[] = [];

  constructor(...messages: (Message | Error)[]) {
    this.messages = messages;
  }

  async *iterate(): AsyncGenerator<Message, string, string | undefined> {
    try {
      for (const message of this.messages) {
        if (message instanceof Error) throw message;
        this.seen.push(yield message);
      }
      return 'end';
    } catch (error) {
      this.seen.push(error);
      throw error;
    } finally {
      this.seen.push('left');
    }
  }
}

const hmac_key = 'test-key';
const { verify } = createVerifier({ hmacKeys: [hmac_key], profile: undefined, hmacMaxAge: undefined });
let receivedIn = (message: unknown): unknown => (message as Message).headers;

const iterate: RpcIteration = {
  iterates: true,
  calleeOf: (feed) => ({ destination: (feed as Feed).name }),
  kindOf: () => 'consumer',
  receivedIn: (message) => receivedIn(message),
  ends: () => false,
};
const files = [{ file: 'feed/lib/feed', methods: { iterate } }];
const [hook] = rpc({ library: 'feed', system: 'test', files }).hooks({ verify } as AgentPort);
hook!.install(
  Feed,
  () => {},
  () => {},
  '',
);

let events: string[] = [];
connect(({ trace }, message) => void events.push(`${message} ${nameOf(trace.base_id)}`));
beforeEach(() => {
  events = [];
});

const ids = new Map<string, string>();
const nameOf = (base_id: string): string => [...ids].find(([, id]) => id === base_id)?.[0] ?? 'unknown';

/** A message of a trace, which is called as the message is. */
function signed(text: string): Message {
  const base_id = newId();
  ids.set(text, base_id);
  return { text, headers: traceHeaders({ base_id, parent_id: base_id, hmac_key }) };
}
const unsigned = (text: string): Message => ({ text });

/** The trace in which it is called; undefined in none. */
const here = (): string | undefined => {
  const context = place();
  return context === undefined || context.trace.isOver ? undefined : nameOf(context.trace.base_id);
};

test('the body of a loop runs in its message`s trace or in none, its waiting and what follows where the loop was', async () => {
  const feed = new Feed(signed('a'), unsigned('b'), signed('c'));
  const outer = tracedBy({ base_id: ids.set('outer', newId()).get('outer')!, parent_id: newId(), hmac_key });
  const seen: unknown[] = [];
  const consume = async (): Promise<void> => {
    for await (const { text } of feed.iterate()) {
      seen.push([text, here()]);
      await Promise.resolve();
      seen.push([text, here()]);
    }
    seen.push(['after', here()]);
    await Promise.resolve();
    seen.push(['after', here()]);
  };
  const consuming = runIn(outer, consume, undefined, []);
  assert.equal(here(), undefined, 'whoever began the loop stays where it was');
  await consuming;
  assert.deepEqual(seen, [
    ...[...'aa'].map((text) => [text, 'a']),
    ...[...'bb'].map((text) => [text, undefined]),
    ...[...'cc'].map((text) => [text, 'c']),
    ['after', 'outer'],
    ['after', 'outer'],
  ]);
  assert.deepEqual(events, ['start a', 'stop a', 'start c', 'stop c']);
});

const leaving: Readonly<Record<string, () => boolean>> = {
  break: () => true,
  throw: () => {
    throw new RangeError('thrown');
  },
};
for (const [how, leave] of Object.entries(leaving)) {
  test(`a loop that is left by ${how} is where it was, and its message is over`, async () => {
    const feed = new Feed(signed('a'), signed('b'));
    try {
      for await (const _ of feed.iterate()) if (leave()) break;
    } catch (error) {
      assert.ok(error instanceof RangeError);
    }
    assert.equal(here(), undefined);
    await Promise.resolve();
    assert.equal(here(), undefined);
    assert.deepEqual([events, feed.seen], [['start a', 'stop a'], ['left']]);
  });
}

test('who takes messages by hand is moved by the value, and by nothing else', async () => {
  const feed = new Feed(signed('a'), signed('b'));
  const iterator = feed.iterate();
  const asked = iterator.next();
  assert.ok(Object.getPrototypeOf(asked) === Promise.prototype);
  const result = await asked;
  assert.deepEqual([result.done, here()], [false, undefined]);
  assert.deepEqual([(result.value as Message).text, here()], ['a', 'a']);
  assert.deepEqual(Object.getOwnPropertyDescriptor(result, 'value'), {
    value: feed.messages[0],
    configurable: true,
    enumerable: true,
    writable: true,
  });
  // Somebody else asks for the next one.
  const other = tracedBy({ base_id: ids.set('other', newId()).get('other')!, parent_id: newId(), hmac_key });
  await runIn(
    other,
    async () => {
      const next = await iterator.next('given');
      assert.equal(here(), 'other');
      assert.match(inspect(next), /value: \[Getter\]/);
      await iterator.return('done');
      assert.equal(here(), 'other');
    },
    undefined,
    [],
  );
  assert.deepEqual(feed.seen, ['given', 'left']);
  assert.deepEqual(events, ['start a', 'stop a', 'start b', 'stop b']);
});

test('errors, and what is passed to the iterator, pass as they are', async () => {
  const error = new RangeError('broken');
  const broken = new Feed(error).iterate();
  await assert.rejects(broken.next(), (thrown) => thrown === error);
  assert.deepEqual(await broken.next(), { value: undefined, done: true });
  const feed = new Feed(unsigned('a'));
  const iterator = feed.iterate();
  await iterator.next();
  await assert.rejects(iterator.throw(error), (thrown) => thrown === error);
  assert.deepEqual(feed.seen, [error, 'left']);
  assert.deepEqual(await new Feed().iterate().next(), { value: 'end', done: true });
  assert.deepEqual(await new Feed().iterate().return('early'), { value: 'early', done: true });
  const { next } = new Feed().iterate();
  assert.deepEqual([next.name, next.length, Object.keys(iterator)], ['next', 1, []]);
});

test('what throws in an instrumentation is told once; the messages are handled, then and after', async (t) => {
  const told: string[] = [];
  t.mock.method(require('node:fs') as typeof import('node:fs'), 'writeSync', (_fd: number, text: string) => {
    told.push(text);
  });
  receivedIn = () => {
    throw new Error('not readable');
  };
  const texts: string[] = [];
  for await (const { text } of new Feed(signed('a'), signed('b')).iterate()) texts.push(text);
  assert.deepEqual([texts, events, told.length], [['a', 'b'], [], 1]);
  assert.match(told[0]!, /the hook of feed Feed\.iterate failed and is switched off.*not readable/);
});
