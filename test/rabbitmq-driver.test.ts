// RabbitMQ as a store, beside OSProfiler with oslo.messaging.
// needs: agent osprofiler rabbitmq
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { connect } from 'amqplib';

import { parseBroker } from '../src/drivers/rabbitmq/url.js';
import { type Driver, DriverError, type DriverSettings, type WriteError } from '../src/drivers/driver.js';
import type { Line } from '../src/drivers/line.js';
import { stringifyReport } from '../src/report/json.js';
import { buildReport } from '../src/report/report.js';
import type { Event } from '../src/trace/event.js';
import { newId } from '../src/trace/ids.js';
import { driverContract, failureOf } from './driver-contract.js';
import { openProxy } from './fixtures/amqp-proxy.js';
import { open as openDriver } from './fixtures/drivers.js';
import { eventsOf, shopTrace } from './fixtures/events.js';
import { lineOf, linesOf } from './fixtures/lines.js';
import { osprofiler } from './fixtures/osprofiler.js';
import { openProxy as openTcpProxy } from './fixtures/proxy.js';
import { startPeer } from './fixtures/peer.js';
import { type Broker, forget, provideBroker, withChannel } from './fixtures/rabbitmq.js';
import { type SeenPoint, key, on, run, scenario, signedHeaders, treeOf } from './scenario.js';

interface Golden {
  readonly messages: readonly {
    readonly properties: Readonly<Record<string, unknown>>;
    readonly body_parsed: Readonly<Record<string, unknown>> & { readonly payload: Event };
  }[];
  readonly report: unknown;
}

const golden = JSON.parse(readFileSync('test/golden/messaging.json', 'utf8')) as Golden;
const drivers: Driver[] = [];
let broker: Broker;

before(async () => {
  broker = await provideBroker();
  await withChannel(broker.url, forget);
});
afterEach(async () => {
  for (const driver of drivers.splice(0)) await driver.close();
  await withChannel(broker.url, forget);
});
after(() => broker.remove());

function open(connectionString = broker.url, settings?: Partial<DriverSettings>): Driver {
  const driver = openDriver(connectionString, settings);
  drivers.push(driver);
  return driver;
}

/** The broker, by way of another port. */
function through(port: number): string {
  return Object.assign(new URL(broker.url), { host: `127.0.0.1:${port}` }).href;
}

const shopLines = (trace: string): Line[] => linesOf(shopTrace(trace));

interface Message {
  readonly content: Buffer;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Takes all messages out of the queue. */
function takeAll(): Promise<Message[]> {
  return withChannel(broker.url, async (channel) => {
    const messages: Message[] = [];
    for (;;) {
      const message = await channel.get('profiler.info', { noAck: true });
      if (message === false) return messages;
      messages.push(message as unknown as Message);
    }
  });
}

/** Sends bodies as some other program would. */
function send(...bodies: readonly string[]): Promise<void> {
  return withChannel(broker.url, async (channel) => {
    for (const body of bodies) channel.publish('openstack', 'profiler.info', Buffer.from(body));
    // Answered after the messages were taken.
    await channel.checkQueue('profiler.info');
  });
}

async function failure(action: () => unknown): Promise<DriverError> {
  const error = await failureOf(action);
  assert.doesNotMatch(error.message, /secret|guest:/);
  return error;
}

/** Tries again until it succeeds: word of what happened has to arrive first. */
async function eventually(action: () => void | Promise<unknown>): Promise<void> {
  for (let left = 200; ; left--) {
    try {
      return void (await action());
    } catch (error) {
      if (!(error instanceof DriverError) || left === 0) throw error;
    }
    await delay(20);
  }
}

// The queue is taken away after each test.
driverContract('rabbitmq', () => broker, {
  lists: 'none',
  check: /^34 events in the queue profiler\.info on RabbitMQ at /,
  plant: (_store, _trace, text) => send(`{"payload": ${text}}`),
  server: {
    async through(t) {
      const proxy = await openTcpProxy(t, broker.address.host, broker.address.port);
      return { url: through(proxy.port), proxy };
    },
    down: /^cannot connect to RabbitMQ at 127\.0\.0\.1:\d+: nothing listens there/,
    broken: /^cannot write to RabbitMQ at 127\.0\.0\.1:\d+: /,
    silent: /no answer within 5 seconds$/,
  },
});

test('messages are those of OSProfiler with oslo.messaging', async () => {
  const events = golden.messages.map((message) => message.body_parsed.payload);
  await open().write(events.map(lineOf));
  const messages = await takeAll();
  assert.equal(messages.length, golden.messages.length);
  const ids = new Set<string>();
  for (const [i, { content, properties, fields }] of messages.entries()) {
    const expected = golden.messages[i]!;
    const body = JSON.parse(content.toString()) as Record<string, string>;
    assert.deepEqual(Object.keys(body), Object.keys(expected.body_parsed));
    const { message_id = '', timestamp = '', _unique_id = '', ...others } = body;
    assert.match(message_id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.match(_unique_id, /^[0-9a-f]{32}$/);
    assert.match(timestamp, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/);
    ids.add(message_id).add(_unique_id);
    const { message_id: _, timestamp: _t, _unique_id: _u, ...expectedOthers } = expected.body_parsed;
    assert.deepEqual(others, expectedOthers);
    assert.deepEqual(Object.keys(body['payload']!), Object.keys(expected.body_parsed.payload));
    const given = Object.entries(properties).filter(([, value]) => value !== undefined);
    const { application_headers, ...rest } = expected.properties;
    assert.deepEqual(asWords(Object.fromEntries(given)), { headers: application_headers, ...rest });
    assert.deepEqual([fields['exchange'], fields['routingKey']], ['openstack', 'profiler.info']);
  }
  assert.equal(ids.size, 2 * messages.length);
});

/** amqplib's names of properties as AMQP has them. */
function asWords(properties: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name.replace(/[A-Z]/, (c) => `_${c}`).toLowerCase(),
      value,
    ]),
  );
}

test('what ours declares, oslo.messaging may declare too', async () => {
  await open().write(shopLines(newId()));
  await withChannel(broker.url, async (channel) => {
    await channel.assertExchange('openstack', 'topic', { durable: false, autoDelete: false });
    const { messageCount } = await channel.assertQueue('profiler.info', {
      durable: false,
      autoDelete: false,
    });
    assert.equal(messageCount, shopLines(newId()).length);
  });
});

test('a trace is read as often as one likes, and every other stays too', async () => {
  const [mine, other] = [newId(), newId()];
  const driver = open();
  assert.equal(await driver.read(mine), undefined);
  assert.match(await driver.check(), /is not there yet/);
  await driver.write([...shopLines(other), ...shopLines(mine)]);
  for (const trace of [mine, other, mine]) {
    assert.deepEqual(await driver.read(trace), { events: shopTrace(trace), skipped: 0 });
  }
  assert.equal(await driver.read(newId()), undefined);
  const bodies = (await takeAll()).map(({ content }) => JSON.parse(content.toString()) as { payload: Event });
  assert.deepEqual(
    bodies.map(({ payload }) => payload),
    [...shopTrace(other), ...shopTrace(mine)],
  );
});

test('what comes while a trace is read belongs to it', async () => {
  const [trace, lines] = [newId(), 3];
  const [writer, reader] = [open(), open()];
  const all = shopLines(trace);
  await writer.write(all.slice(0, lines));
  const reading = reader.read(trace);
  await writer.write(all.slice(lines));
  assert.equal((await reading)?.events.length, all.length);
});

test('a message with an envelope is read; one that was sent again counts once; no event is skipped', async () => {
  const trace = newId();
  const driver = open();
  const [first, second, third] = shopLines(trace) as [Line, Line, Line];
  await driver.write([first, second]);
  await driver.write([first], { isRepeated: true });
  const inner = `{"payload": ${third.text}, "_unique_id": "1"}`;
  await send(
    JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': inner }),
    `torn ${trace}`,
    `{"payload": {"base_id": "${trace}"}}`,
    JSON.stringify({ 'oslo.message': `torn ${trace}` }),
    `{"payload": ${'['.repeat(20_000)}"${trace}"${']'.repeat(20_000)}}`,
    `[null, "${trace}"]`,
    '',
    'null',
    // An event of another trace that speaks of this one.
    lineOf(eventsOf({ name: 'p', id: '1', start: 1, trace: newId(), startInfo: { trace } })[0]!).text.replace(
      /^.*$/,
      '{"payload": $&}',
    ),
  );
  assert.deepEqual(await driver.read(trace), { events: shopTrace(trace).slice(0, 3), skipped: 5 });
  assert.match(await driver.check(), /^12 events in the queue profiler\.info on RabbitMQ at /);
});

test('a user who may not read is told so, and not that somebody else reads', async (t) => {
  const user = `ostrace-test-${process.pid}`;
  const control = (...args: readonly string[]): void =>
    void execFileSync('rabbitmqctl', ['--quiet', ...args], { stdio: 'ignore', timeout: 30_000 });
  const vhost = decodeURIComponent(new URL(broker.url).pathname.slice(1)) || '/';
  try {
    control('add_user', user, 'secret');
    t.after(() => control('delete_user', user));
    control('set_permissions', '-p', vhost, user, '', '', '');
  } catch {
    return t.skip('rabbitmqctl does not rule the broker');
  }
  await open().write(shopLines(newId()));
  const url = Object.assign(new URL(broker.url), { username: user, password: 'secret' });
  const { message } = await failure(() => open(url.href).read(newId()));
  assert.match(
    message,
    /this user may not read the queue profiler\.info; rabbitmqctl set_permissions .*refused/,
  );
  assert.doesNotMatch(message, /another consumer|secret/);
});

test('while somebody else reads, nobody reads a part of a trace', async () => {
  const driver = open();
  await driver.write(shopLines(newId()));
  await withChannel(broker.url, async (channel) => {
    await channel.consume('profiler.info', () => {});
    assert.match((await failure(() => driver.read(newId()))).message, /another consumer reads the queue/);
  });
  assert.equal(await driver.read(newId()), undefined);
});

test('traces cannot be listed', async () => {
  for (const list of ['list', 'listErrors'] as const) {
    assert.match((await failure(() => open()[list]())).message, /^amqp:\/\/ cannot list traces/);
  }
});

test('messaging:// takes the broker of the transport URL', async () => {
  const trace = newId();
  const driver = open('messaging://', { transportUrl: broker.transportUrl });
  await driver.write(shopLines(trace));
  assert.equal((await open().read(trace))?.events.length, shopLines(trace).length);
  const { message } = await failure(() => open('messaging://'));
  assert.match(message, /set OSTRACE_TRANSPORT_URL to rabbit:/);
  for (const transportUrl of [
    'kafka://u:secret@h/',
    'rabbit://',
    'rabbit://u:secret@/',
    'rabbit://u:secret%@h/',
  ]) {
    assert.match((await failure(() => open('messaging://', { transportUrl }))).message, /the broker's URL/);
  }
});

test('URLs are read as oslo.messaging and RabbitMQ read them', () => {
  const node = { username: 'guest', password: 'guest', port: 5672 };
  const cases: Readonly<Record<string, unknown>> = {
    'rabbit://h/': { nodes: [{ ...node, hostname: 'h' }], vhost: '/', tls: undefined },
    'amqp://h': { nodes: [{ ...node, hostname: 'h' }], vhost: '/', tls: undefined },
    'rabbit://u:p%40%3A%2Fw:x@h1:5,v:q@[::1]:6/a%2Fb?heartbeat=3': {
      nodes: [
        { hostname: 'h1', port: 5, username: 'u', password: 'p@:/w:x' },
        { hostname: '::1', port: 6, username: 'v', password: 'q' },
      ],
      vhost: 'a/b',
      tls: undefined,
    },
    'amqps://h': { nodes: [{ ...node, hostname: 'h', port: 5671 }], vhost: '/', tls: {} },
    'rabbit://h:9/?ssl=1': { nodes: [{ ...node, hostname: 'h', port: 9 }], vhost: '/', tls: {} },
  };
  for (const [url, expected] of Object.entries(cases)) assert.deepEqual(parseBroker(url), expected, url);
});

test('the nodes are tried in turn', async () => {
  const { username, password, host, pathname } = new URL(broker.url);
  const user = `${username}:${password}`;
  const driver = open(`rabbit://${user}@127.0.0.1:1,${user}@${host}${pathname}`);
  const trace = newId();
  await driver.write(shopLines(trace));
  assert.equal((await driver.read(trace))?.events.length, shopLines(trace).length);
});

test('a broker that is not there, that does not let us in or that never answers is an error', async () => {
  const { host, pathname } = new URL(broker.url);
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const cases = {
    'amqp://u:secret@127.0.0.1:1': /127\.0\.0\.1:1: nothing listens there/,
    [`amqp://nobody:secret@${host}${pathname}`]: /ACCESS_REFUSED/,
    [Object.assign(new URL(broker.url), { pathname: '/nowhere' }).href]:
      /the virtual host nowhere is not there, or not open to this user/,
    [`amqp://127.0.0.1:${(silent.address() as AddressInfo).port}`]: /no answer within 5 seconds/,
  };
  for (const [url, message] of Object.entries(cases)) {
    const driver = open(url);
    const error = await failure(() => driver.write(shopLines(newId())));
    assert.match(error.message, message);
    assert.equal(error.isCertain, true);
  }
  silent.close();
});

test('a broker that takes no messages is an error at once, and is used again when it does', async () => {
  const proxy = await openProxy(broker.address);
  const driver = open(through(proxy.port));
  const trace = newId();
  const [first, second, ...others] = shopLines(trace) as [Line, Line, ...Line[]];
  await driver.write([first]);
  proxy.freeze();
  const writing = failure(() => driver.write([second]));
  setTimeout(proxy.block, 100, 'low on memory');
  const error = await writing;
  assert.match(error.message, /takes no messages now: low on memory/);
  assert.equal(error.isCertain, false);
  assert.deepEqual((error as WriteError).again, [second]);
  const next = await failure(() => driver.write(others));
  assert.match(next.message, /low on memory/);
  assert.equal(next.isCertain, true);
  proxy.thaw();
  await eventually(() => driver.write([second, ...others]));
  assert.equal((await driver.read(trace))?.events.length, 2 + others.length);
  await proxy.close();
});

test('a message that is too long for the broker costs the others nothing', async () => {
  const proxy = await openProxy(broker.address);
  const driver = open(through(proxy.port));
  const trace = newId();
  const [first, ...others] = shopLines(trace);
  await driver.write([first!]);
  proxy.freeze();
  const long = lineOf(
    eventsOf({ name: 'p', id: '1', start: 1, trace, startInfo: { text: 'x'.repeat(2000) } })[0]!,
  );
  const writing = failure(() => driver.write([...others, long]));
  setTimeout(proxy.closeChannel, 100, 406, 'message size 2700 is larger than configured max size 2000');
  const { refused, again } = (await writing) as WriteError;
  assert.deepEqual({ refused, again }, { refused: 1, again: others });
  await driver.write(again, { isRepeated: true });
  assert.deepEqual((await driver.read(trace))?.events, shopTrace(trace));
  await proxy.close();
});

test('a queue that somebody deletes is made again, and nothing is lost', async () => {
  const driver = open();
  const trace = newId();
  await driver.write(shopLines(newId()));
  await withChannel(broker.url, (channel) => channel.deleteQueue('profiler.info'));
  const error = await failure(() => driver.write(shopLines(trace)));
  assert.match(error.message, /the queue is gone/);
  assert.deepEqual((error as WriteError).again, shopLines(trace));
  assert.equal(error.isCertain, true);
  await driver.write(shopLines(trace));
  assert.equal((await driver.read(trace))?.events.length, shopLines(trace).length);
  await withChannel(broker.url, forget);
  assert.match((await failure(() => driver.write(shopLines(trace)))).message, /no exchange/);
  await driver.write(shopLines(trace));
});

test('a durable exchange and queue are used as they are', async () => {
  await withChannel(broker.url, async (channel) => {
    await channel.assertExchange('openstack', 'topic', { durable: true });
    await channel.assertQueue('profiler.info', { durable: true });
    await channel.bindQueue('profiler.info', 'openstack', 'profiler.info');
  });
  const trace = newId();
  const driver = open();
  await driver.write(shopLines(trace));
  assert.equal((await driver.read(trace))?.events.length, shopLines(trace).length);
});

test('a full queue that refuses messages is an error that names them', async () => {
  const model = await connect(broker.url);
  const channel = await model.createChannel();
  await channel.assertExchange('openstack', 'topic', { durable: true });
  await channel.assertQueue('profiler.info', { durable: true, maxLength: 2, overflow: 'reject-publish' });
  await channel.bindQueue('profiler.info', 'openstack', 'profiler.info');
  await model.close();
  const lines = shopLines(newId());
  const error = await failure(() => open().write(lines));
  assert.match(error.message, /it refused messages/);
  assert.equal((error as WriteError).again.length + 2, lines.length);
  assert.equal(error.isCertain, true);
});

test('without amqplib there is a line that says what to install', async () => {
  const program = `
    const { Module } = require('node:module');
    const resolve = Module._resolveFilename;
    Module._resolveFilename = (name, ...rest) => {
      if (name !== 'amqplib') return resolve(name, ...rest);
      throw Object.assign(new Error("Cannot find module 'amqplib'"), { code: 'MODULE_NOT_FOUND' });
    };
    const { open } = require(${JSON.stringify(join(__dirname, 'fixtures/drivers.js'))});
    open('rabbit://h').check().catch((error) => console.log(error.name, error.message));`;
  const printed = execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' });
  assert.match(printed, /^DriverError rabbit:\/\/ needs the package amqplib, which .*npm install amqplib$/m);
});

test('osprofiler shows what ours wrote as the report that ours shows', async () => {
  const trace = newId();
  await open().write(shopLines(trace));
  const ours = [...stringifyReport(buildReport((await open().read(trace))!.events))].join('');
  const args = ['--connection-string', 'messaging://', '--transport-url', broker.transportUrl];
  const theirs = await osprofiler('trace', 'show', '--json', '--idle-timeout', '5', trace, ...args);
  assert.deepEqual(JSON.parse(theirs), JSON.parse(ours));
});

test('one trace goes from Node through Python to Node, and both sides show it', async (context) => {
  const store = { OSTRACE_CONNECTION_STRING: 'messaging://', OSTRACE_TRANSPORT_URL: broker.transportUrl };
  const { base_id, headers } = signedHeaders();
  const [hop, env] = [scenario('hop.cjs'), { ...on, ...store, OSTRACE_SERVICE: 'first' }];
  const last = run(context, hop, {
    env: { ...env, OSTRACE_SERVICE: 'last' },
    async onReady(lastUrl, lastProcess) {
      const peer = await startPeer(context, [
        '--connection-string',
        'messaging://',
        '--transport-url',
        broker.transportUrl,
        '--hmac-keys',
        key,
        '--upstream',
        lastUrl,
      ]);
      const first = run(context, hop, {
        env,
        args: [`${peer.url}/chain`],
        async onReady(url, firstProcess) {
          assert.equal((await fetch(url, { headers })).status, 200);
          firstProcess.kill('SIGTERM');
        },
      });
      assert.equal((await first).stderr, '');
      await peer.stop();
      lastProcess.kill('SIGTERM');
    },
  });
  assert.equal((await last).stderr, '');
  const stored = await open().read(base_id);
  const line = (points: readonly SeenPoint[]): string =>
    points.map(({ name, start, children }) => `${start.service}:${name}(${line(children)})`).join(' ');
  const expected = 'first:wsgi(first:http(python-peer:wsgi(python-peer:http(last:wsgi()))))';
  assert.equal(line(treeOf(stored!.events, base_id)), expected);
  const ours = [...stringifyReport(buildReport(stored!.events))].join('');
  const args = ['--connection-string', 'messaging://', '--transport-url', broker.transportUrl];
  assert.deepEqual(
    JSON.parse(await osprofiler('trace', 'show', '--json', '--idle-timeout', '5', base_id, ...args)),
    JSON.parse(ours),
  );
  assert.equal(await open().read(base_id), undefined);
});
