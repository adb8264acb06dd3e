// What is read of a message of NATS; how it ends by what is sent to its reply subject, and what becomes of those that
// nobody answers.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { endsByAnswer, noteAnswer } from '../instrumentations/nats-answers.js';
import { headersIn, kindOf } from '../instrumentations/nats-messages.js';
import type { Outcome, Serving } from '../src/hooks/targets/rpc.js';
import { carriedIn } from '../src/trace/carried.js';

/** A message that is being handled, and how it has ended. */
function handled(trace = { isGone: false }): { readonly serving: Serving; readonly outcomes: Outcome[] } {
  const outcomes: Outcome[] = [];
  const serving = { context: { trace }, stop: (outcome: Outcome) => outcomes.push(outcome) };
  return { serving: serving as unknown as Serving, outcomes };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const ack = '$JS.ACK.stream.consumer.1.1.1.1.0';
const endings: readonly (readonly [payload: unknown, status: string | undefined])[] = [
  [bytes('+ACK'), 'ack'],
  ['+ACK', 'ack'],
  [undefined, 'ack'],
  [bytes('+NXT {"batch":1}'), 'ack'],
  [bytes('-NAK {"delay":1}'), 'nak'],
  [bytes('+TERM reason'), 'term'],
  [bytes('+WPI'), undefined],
];
for (const [payload, status] of endings) {
  test(`an acknowledgement ends a message, but for one that goes on: ${status} by ${String(payload)}`, () => {
    const connection = {};
    const { serving, outcomes } = handled();
    assert.ok(endsByAnswer(connection, ack, serving));
    noteAnswer(['another', payload], connection);
    noteAnswer([ack, payload], {});
    assert.deepEqual(outcomes, []);
    noteAnswer([ack, payload], connection);
    noteAnswer([ack, bytes('+ACK')], connection);
    assert.deepEqual(outcomes, [{ end: 'done', status: status ?? 'ack' }]);
  });
}

test('an answer of a service may be an error', () => {
  const connection = {};
  const { serving, outcomes } = handled();
  endsByAnswer(connection, 'inbox', serving);
  const headers = new Map([
    ['Nats-Service-Error-Code', '404'],
    ['Nats-Service-Error', 'no such order'],
  ]);
  noteAnswer(['inbox', '', { headers }], connection);
  const [{ isAnswered, ...outcome } = {} as Outcome] = outcomes;
  assert.equal(isAnswered, true);
  assert.deepEqual(outcome, {
    end: 'failed',
    status: '404',
    etype: 'ServiceError',
    message: 'no such order',
  });
});

test('of two subscriptions that get the same request, the first one ends by the answer', () => {
  const connection = {};
  const [first, second] = [handled(), handled()];
  assert.ok(endsByAnswer(connection, 'inbox', first.serving));
  assert.ok(!endsByAnswer(connection, 'inbox', second.serving));
  noteAnswer(['inbox', 'a'], connection);
  assert.deepEqual([first.outcomes, second.outcomes], [[{ end: 'done' }], []]);
});

test('what nobody answers is forgotten when its trace is given up', () => {
  const connection = {};
  const trace = { isGone: false };
  const forgotten = [handled(trace), handled(trace)];
  forgotten.forEach(({ serving }, i) => endsByAnswer(connection, `inbox.${i}`, serving));
  trace.isGone = true;
  endsByAnswer(connection, 'inbox.2', handled().serving);
  noteAnswer(['inbox.0', ''], connection);
  noteAnswer(['inbox.1', ''], connection);
  assert.deepEqual(
    forgotten.map(({ outcomes }) => outcomes),
    [[], []],
  );
});

/** What a trace's headers are in a message of these lines, if the first `hdr` bytes are its headers. */
function carriedBy(lines: readonly string[], payload = '', hdr?: number): Record<string, string> | undefined {
  const head = bytes(`NATS/1.0\r\n${lines.join('\r\n')}\r\n\r\n`);
  const data = Buffer.concat([Buffer.from('before '), head, bytes(payload)]).subarray('before '.length);
  const found = headersIn({ hdr: hdr ?? head.length }, data);
  return found && carriedIn(found);
}

test('the headers of a trace are found in any spelling, and nowhere but among the headers', () => {
  const both = { 'x-trace-info': 'a', 'x-trace-hmac': 'b' };
  assert.deepEqual(carriedBy(['own: c', 'X-Trace-Info: a', 'X-TRACE-HMAC:b']), both);
  assert.deepEqual(carriedBy(['x-trace-info:  a  ', 'x-trace-hmac: b', 'x-trace-infos: c']), both);
  assert.equal(carriedBy(['own: x-trace-info: a']), undefined);
  assert.equal(carriedBy(['own: c'], '\r\nx-trace-info: a\r\n'), undefined);
  assert.equal(carriedBy(['x-trace-inf']), undefined);
  assert.equal(carriedBy(['x-trace-info: a'], '', -1), undefined);
});

test('hostile headers are read as far as they go', () => {
  assert.deepEqual(carriedBy(['x-trace-info']), {});
  assert.deepEqual(carriedBy(['x-trace-info: a'], '', 1e9), { 'x-trace-info': 'a' });
  assert.deepEqual(carriedBy(['x-trace-info: a', 'x-trace-info: b']), { 'x-trace-info': ',' });
  assert.deepEqual(carriedBy([`x-trace-info: ${'a'.repeat(5000)}`]), {});
  const many = Array.from({ length: 10_000 }, (_, i) => `own-${i}: ${'c'.repeat(100)}`);
  assert.equal(carriedBy([...many, 'x-trace-info: a']), undefined);
});

test('who is asked for an answer serves, but for JetStream`s acknowledgements', () => {
  const kind = (reply?: string): string =>
    kindOf({ _msg: reply === undefined ? {} : { reply: bytes(reply) } });
  assert.deepEqual(['_INBOX.a', ack, '', undefined].map(kind), [
    'server',
    'consumer',
    'consumer',
    'consumer',
  ]);
});
