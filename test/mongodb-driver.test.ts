// No mongod can be installed where these tests were made: the real client library talks to a stand-in that
// speaks its protocol, and that is told apart from mongod in docs/stores/mongodb.md.
// needs: osprofiler
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { MongoClient } from 'mongodb';

import { type Driver, DriverError, type DriverSettings } from '../src/drivers/driver.js';
import { Line } from '../src/drivers/line.js';
import { stringifyReport } from '../src/report/json.js';
import { buildReport } from '../src/report/report.js';
import type { Event } from '../src/trace/event.js';
import { newId } from '../src/trace/ids.js';
import { driverContract, failureOf, foreignTexts } from './driver-contract.js';
import { open as openDriver } from './fixtures/drivers.js';
import { eventsOf, shopTrace } from './fixtures/events.js';
import { lineOf, linesOf } from './fixtures/lines.js';
import { type Command, type Standin, startStandin } from './fixtures/mongodb.js';
import { osprofiler } from './fixtures/osprofiler.js';

interface Golden {
  readonly inserts: readonly { readonly documents: readonly (Event & { readonly _id: unknown })[] }[];
  readonly error_updates: readonly { readonly updates: readonly Command[] }[];
  readonly get_report_commands: readonly Command[];
  readonly list_error_traces_commands: readonly Command[];
}

const golden = JSON.parse(readFileSync('test/golden/mongodb.json', 'utf8')) as Golden;
const goldenEvents = golden.inserts.flatMap(({ documents }) => documents).map(({ _id, ...event }) => event);
const drivers: Driver[] = [];
let standin: Standin;

beforeEach(async () => {
  standin = await startStandin();
});
afterEach(async () => {
  for (const driver of drivers.splice(0)) await driver.close();
  await standin.stop();
});

const address = (): string => `mongodb://127.0.0.1:${standin.port}`;

function open(connectionString = `${address()}/`, settings?: Partial<DriverSettings>): Driver {
  const driver = openDriver(connectionString, settings);
  drivers.push(driver);
  return driver;
}

const shopLines = (trace: string): Line[] => linesOf(shopTrace(trace));

async function failure(action: () => unknown): Promise<DriverError> {
  const error = await failureOf(action);
  assert.doesNotMatch(error.message, /secret/);
  return error;
}

/** Without what the client library adds to each command. */
function bare(given: Command): Command {
  const { lsid: _, ...command } = given;
  return command;
}

/** Lines of one event each, whose info says what the stand-in or the client library makes of them. */
const lineWith = (id: string, trace: string, startInfo: Event['info']): Line =>
  lineOf(eventsOf({ name: 'p', id, start: 1, trace, startInfo })[0]!);

// The stand-in is started before each test.
driverContract('mongodb', () => ({ url: `${address()}/` }), {
  // The stand-in gives ten at a time, and looks at all that it has for each that comes.
  events: 1000,
  check: /^34 events in osprofiler\.profiler of MongoDB at mongodb:/,
  // Documents have 100 levels at most.
  foreign: foreignTexts.filter((text) => text.startsWith('{') && text.length < 1000),
  async plant(_store, _trace, text) {
    const client = await new MongoClient(address()).connect();
    try {
      await client
        .db('osprofiler')
        .collection('profiler')
        .insertOne(JSON.parse(text) as Command);
    } finally {
      await client.close();
    }
  },
  async unwanted() {
    const trace = newId();
    return {
      refused: [
        lineWith('1', trace, { standin: 121 }),
        lineWith('2', trace, { 'a\0b': 1 }),
        lineWith('3', trace, { text: 'x'.repeat(17 * 2 ** 20) }),
        new Line(trace, 'torn'),
      ],
      again: [lineWith('4', trace, { standin: 11_600 })],
    };
  },
});

test('names that MongoDB has a meaning for are stored and read as they are', async () => {
  const info = { $where: 1, 'a.b': 2, text: 'x\0y', '': 3, nested: { $ne: { '.': 1 } } };
  const odd = lineWith('1', newId(), info);
  await open().write([odd]);
  const [event] = (await open().read(odd.base_id))!.events;
  assert.equal(JSON.stringify(event), odd.text);
});

test('a line that stands twice in a batch is stored once, and what is refused has the words of the server', async () => {
  const [trace, other] = [newId(), newId()];
  const [first, ...others] = shopLines(trace);
  await open().write([first!, first!, ...others]);
  assert.deepEqual((await open().read(trace))?.events, shopTrace(trace));
  const { message } = await failure(() => open().write([lineWith('1', other, { standin: 121 })]));
  assert.match(message, /refused by the stand-in/);
});

test('documents and commands are those of OSProfiler', async () => {
  const driver = open(address(), { filterErrorTrace: true });
  const base_id = goldenEvents[0]!.base_id;
  await driver.write(goldenEvents.map(lineOf));
  const [insert, ...more] = await standin.asked('insert');
  assert.deepEqual([insert!['insert'], insert!['$db'], more], ['profiler', 'osprofiler', []]);
  const documents = insert!['documents'] as typeof goldenEvents;
  for (const [i, document] of documents.entries()) {
    const { _id, ...event } = document as Event & { _id: { $oid: string } };
    assert.match(_id.$oid, /^[0-9a-f]{24}$/);
    assert.equal(JSON.stringify(event), JSON.stringify(goldenEvents[i]));
  }
  const [update] = await standin.asked('update');
  const last = golden.error_updates.at(-1)!.updates[0]!;
  assert.deepEqual([update!['update'], update!['$db']], ['profiler_error', 'osprofiler']);
  const { multi: _, ...expected } = last;
  assert.deepEqual(update!['updates'], [expected]);
  await driver.read(base_id);
  await driver.listErrors();
  for (const [i, golds] of [golden.get_report_commands, golden.list_error_traces_commands].entries()) {
    const { $readPreference: _preference, ...gold } = golds[0]!;
    assert.deepEqual(bare((await standin.asked('find'))[i]!), gold);
  }
});

test('a server that is not there, or that dies, is an error, and the next one is used', async () => {
  const driver = open(`${address()}/?serverSelectionTimeoutMS=3000`);
  const [first, ...others] = shopLines(newId());
  await driver.write([first!]);
  const { port } = standin;
  await standin.stop();
  const error = await failure(() => driver.write(others));
  assert.match(error.message, /^cannot write to MongoDB at mongodb:\/\/127\.0\.0\.1/);
  assert.match((await failure(() => driver.read(newId()))).message, /^cannot read .*ECONNREFUSED/);
  const other = open('mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100');
  assert.equal((await failure(() => other.write(others))).isCertain, true);
  standin = await startStandin(port);
  await eventually(() => driver.write(others));
  assert.equal((await driver.read(others[0]!.base_id))?.events.length, others.length);
});

test('a server that does not answer is an error in the end, and used when it answers again', async () => {
  const driver = open(`${address()}/?socketTimeoutMS=3000&serverSelectionTimeoutMS=3000`);
  const lines = shopLines(newId());
  await driver.write(lines.slice(0, 1));
  await standin.say('hang');
  const error = await failure(() => driver.write(lines));
  assert.equal(error.isCertain, false);
  await standin.say('go');
  await eventually(() => driver.write(lines));
  assert.equal((await driver.read(lines[0]!.base_id))?.events.length, lines.length);
});

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

test('a server that is too old is an error', async () => {
  await standin.stop();
  standin = await startStandin(0, 6);
  const driver = open(`${address()}/`);
  assert.match((await failure(() => driver.check())).message, /requires at least/);
});

test('no message holds a password', async () => {
  for (const host of [`127.0.0.1:1`, 'a b', '127.0.0.1:99999', '[', '127.0.0.1/?nothing=known']) {
    const driver = open(
      `mongodb://user:secret@${host}${host.includes('?') ? '' : '/?serverSelectionTimeoutMS=100'}`,
    );
    assert.match((await failure(() => driver.check())).message, /^cannot (use|read) MongoDB at mongodb:/);
  }
});

test('without the package mongodb there is a line that says what to install', () => {
  const program = `
    const { Module } = require('node:module');
    const resolve = Module._resolveFilename;
    Module._resolveFilename = (name, ...rest) => {
      if (name !== 'mongodb') return resolve(name, ...rest);
      throw Object.assign(new Error("Cannot find module 'mongodb'"), { code: 'MODULE_NOT_FOUND' });
    };
    const { open } = require(${JSON.stringify(join(__dirname, 'fixtures/drivers.js'))});
    open('mongodb+srv://h').check().catch((error) => console.log(error.name, error.message));`;
  const printed = execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' });
  assert.match(
    printed,
    /^DriverError mongodb\+srv:\/\/ needs the package mongodb, which .*npm install mongodb$/m,
  );
});

test("Debian's osprofiler shows and lists what ours wrote", async () => {
  const driver = open(address(), { filterErrorTrace: true });
  const traces = [newId(), newId()];
  for (const trace of traces) await driver.write(shopLines(trace));
  const [trace = ''] = traces;
  const ours = [...stringifyReport(buildReport((await driver.read(trace))!.events))].join('');
  const there = ['--connection-string', address()];
  assert.deepEqual(
    JSON.parse(await osprofiler('trace', 'show', '--json', trace, ...there)),
    JSON.parse(ours),
  );
  for (const more of [[], ['--error-trace', 'true']]) {
    const listed = await osprofiler('trace', 'list', ...more, ...there);
    for (const id of traces) assert.match(listed, new RegExp(id));
  }
});
