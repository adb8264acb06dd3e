// A trace in the content of oslo.messaging's messages: only with a key of ours, and nothing else is changed.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { osloMessages } from '../src/propagation/oslo.js';
import { newId } from '../src/trace/ids.js';

const settings = {
  osloRead: true,
  osloWrite: true,
  hmacKeys: ['first', 'second'],
  profile: undefined,
  hmacMaxAge: undefined,
};
const trace = { base_id: newId(), parent_id: newId(), hmac_key: 'second' };
const { read, write } = osloMessages(settings);

const packed = (message: string, version: unknown = '2.0'): Buffer =>
  Buffer.from(JSON.stringify({ 'oslo.version': version, 'oslo.message': message }));
const withInfo = (info: unknown): Buffer =>
  packed(JSON.stringify({ method: 'm', args: {}, _context_trace_info: info }));

test('a trace is read with each of the keys', () => {
  for (const hmac_key of ['first', 'second']) {
    assert.deepEqual(read!(withInfo({ ...trace, hmac_key })), { ...trace, hmac_key });
  }
  const ofProcess = osloMessages({ ...settings, hmacKeys: [], profile: 'second' });
  assert.deepEqual(ofProcess.read!(withInfo(trace)), trace);
});

const refused: Readonly<Record<string, unknown>> = {
  'another key': { ...trace, hmac_key: 'third' },
  'the beginning of a key': { ...trace, hmac_key: 'secon' },
  'no key': { ...trace, hmac_key: '' },
  'a key that is no text': { ...trace, hmac_key: ['second'] },
  'an endless key': { ...trace, hmac_key: 'second'.padEnd(5000) },
  'an id that is none': { ...trace, base_id: '../../etc' },
  'no parent': { base_id: trace.base_id, hmac_key: 'second' },
  nothing: null,
  'a text': 'second',
  'a list': [trace],
};

for (const [what, info] of Object.entries(refused)) {
  test(`not read: ${what}`, () => assert.equal(read!(withInfo(info)), undefined));
}

test('what is no message of oslo.messaging is left alone', () => {
  const texts = [
    '',
    '{',
    '[]',
    'null',
    '7',
    '_context_trace_info',
    '{"oslo.message": 7}',
    'é"_context_trace_info"',
  ];
  const contents = [
    ...texts.map((text) => Buffer.from(text)),
    ...texts.map((text) => packed(text)),
    undefined,
    null,
    'text',
    7,
    {},
    new Proxy({}, {}),
    // Within the arguments it is data of the application's.
    packed(JSON.stringify({ args: { method: 'm', _context_trace_info: trace } })),
    packed(JSON.stringify({ args: '_context_trace_info', result: 1 })),
    packed(`{"_context_trace_info": ${'['.repeat(100_000)}`),
    Buffer.concat([withInfo(trace), Buffer.alloc(256 * 1024, ' ')]),
  ];
  for (const content of contents) {
    assert.equal(read!(content), undefined);
    assert.equal(write!(content, trace), undefined);
  }
});

test('a trace is written into a call, and everything else of it stays as it is', () => {
  const message = '{"method": "m", "args": {"a": 1.0, "b": 12345678901234567890, "ü": "\\u00fc\\\\\\""}} ';
  const written = write!(packed(message), trace)!;
  const { 'oslo.version': version, 'oslo.message': text } = JSON.parse(written.toString()) as Record<
    string,
    string
  >;
  assert.equal(version, '2.0');
  const info = `{"hmac_key":"second","base_id":"${trace.base_id}","parent_id":"${trace.parent_id}"}`;
  assert.equal(text, `${message.trimEnd().slice(0, -1)}, "_context_trace_info": ${info}}`);
  assert.deepEqual(read!(written), trace);
});

test('what is written names the trace only once', () => {
  assert.equal(write!(withInfo({ ...trace, hmac_key: 'theirs' }), trace), undefined);
  assert.equal(
    write!(packed('{"method": "m"}', 2.0), trace),
    undefined,
    'an envelope that JSON would change',
  );
  assert.equal(write!(packed('{"result": 1, "_msg_id": "a"}'), trace), undefined, 'an answer');
});

test('each side is on only where it was asked for', () => {
  const { read: noRead, write: noWrite } = osloMessages({ ...settings, osloRead: false, osloWrite: false });
  assert.deepEqual([noRead, noWrite], [undefined, undefined]);
  assert.equal(osloMessages({ ...settings, hmacKeys: [] }).read, undefined, 'nobody may trigger');
  assert.equal(osloMessages({ ...settings, hmacMaxAge: 60 }).read, undefined, 'nothing says how old it is');
});
