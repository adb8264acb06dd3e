// A folder of files: what all drivers do, and what other processes and the file system may do to it.
// needs: time
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, mock, test } from 'node:test';

import { type Driver, DriverError, WriteError } from '../src/drivers/driver.js';
import { Line } from '../src/drivers/line.js';
import type { Event } from '../src/trace/event.js';
import { newId } from '../src/trace/ids.js';
import { driverContract } from './driver-contract.js';
import { open } from './fixtures/drivers.js';
import { at, base_id, eventsOf } from './fixtures/events.js';
import { lineOf, linesOf } from './fixtures/lines.js';
import { scratch } from './scenario.js';

driverContract('file', (t) => ({ url: `file://${join(scratch(t), 'deep/store')}` }), {
  events: 100_000,
  check: /^2 traces in \//,
  async entries({ url }, trace) {
    const text = readFileSync(join(new URL(url).pathname, `${trace}.jsonl`), 'utf8');
    return text.split('\n').filter((line) => line !== '').length;
  },
  async plant({ url }, trace, text) {
    appendFileSync(join(new URL(url).pathname, `${trace}.jsonl`), `${text}\n`);
  },
  async unwanted({ url }) {
    const blocked = newId();
    mkdirSync(join(new URL(url).pathname, `${blocked}.jsonl`), { recursive: true });
    return {
      refused: [new Line('../../escaped', '{}')],
      again: linesOf(eventsOf({ name: 'p', id: '1', trace: blocked, start: 1, stop: 2 })),
    };
  },
});

let folder = '';
let driver: Driver;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'ostrace-')), 'deep/store');
  driver = open(`file://${folder}`);
});

afterEach(() => {
  mock.restoreAll();
  rmSync(join(folder, '../..'), { recursive: true, force: true });
});

const fileOf = (trace: string): string => join(folder, `${trace}.jsonl`);
const started = (id: string, trace = base_id, start = 1): Line =>
  lineOf(eventsOf({ name: 'p', id, trace, start })[0]!);

async function idsOf(trace = base_id): Promise<string[] | undefined> {
  return (await driver.read(trace))?.events.map((event) => event.trace_id);
}

test('nothing is made before the first write', async () => {
  assert.deepEqual(await driver.list(), []);
  assert.equal(await driver.read(base_id), undefined);
  assert.equal(existsSync(folder), false);
});

test('each trace has its own file', async () => {
  const other = newId();
  await driver.write([started('1'), started('x', other), started('2')]);
  await driver.write([started('y', other)]);
  const files = [`${base_id}.jsonl`, `${other}.jsonl`, '.gitignore'];
  assert.deepEqual(readdirSync(folder).toSorted(), files.toSorted());
});

test('a relative folder is one below the working directory', async () => {
  await driver.write([started('1')]);
  for (const form of ['file://', 'file:']) {
    const again = open(form + relative(process.cwd(), folder));
    assert.equal((await again.list()).length, 1);
  }
});

test('the folder is made again when it was removed while in use', async () => {
  await driver.write([started('1')]);
  rmSync(folder, { recursive: true });
  await driver.write([started('2')]);
  assert.deepEqual(await idsOf(), ['2']);
});

test('several processes with several threads append at once, and each line arrives whole', async () => {
  const traces = [newId(), newId(), newId()];
  const [processes, threads, batches] = [4, 3, 30];
  const children = Array.from({ length: processes }, (_, i) =>
    spawn(
      process.execPath,
      [
        join(__dirname, 'fixtures/append.js'),
        `file://${folder}`,
        `w${i}`,
        `${threads}`,
        `${batches}`,
        ...traces,
      ],
      { stdio: 'inherit' },
    ),
  );
  const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number));
  assert.deepEqual(codes, [0, 0, 0, 0]);
  for (const trace of traces) {
    const stored = await driver.read(trace);
    assert.equal(stored?.skipped, 0);
    const writerOf = (event: Event): string => event.trace_id.split('/', 1).join();
    const writers = new Set(stored.events.map(writerOf));
    assert.equal(writers.size, processes * threads);
    for (const writer of writers) {
      const ids: string[] = stored.events
        .filter((event) => writerOf(event) === writer)
        .map((event) => event.trace_id);
      const places = ids.map((id) => id.split('/').slice(1).map(Number));
      const ordered = places.toSorted(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d);
      assert.equal(String(places), String(ordered), `the order of ${writer}`);
      assert.equal(new Set(places.map(([batch]) => batch)).size, batches);
      assert.equal(new Set(ids).size, ids.length);
    }
  }
});

test('a line that a killed writer left half written costs nothing but itself', async () => {
  await driver.write([started('1'), started('torn')]);
  truncateSync(fileOf(base_id), readFileSync(fileOf(base_id)).length - 20);
  await driver.write([started('2')]);
  const stored = await driver.read(base_id);
  assert.deepEqual(
    stored?.events.map((event) => event.trace_id),
    ['1', '2'],
  );
  assert.equal(stored?.skipped, 1);
});

test('a write that the system cuts short is finished, and no event is lost', async () => {
  const original = fs.writeSync;
  const cuts = [150, 399, 1000];
  mock.method(fs, 'writeSync', (fd: number, bytes: Buffer) =>
    original(fd, bytes.subarray(0, cuts.shift() ?? bytes.length)),
  );
  const ids = Array.from({ length: 20 }, (_, i) => `${i}`);
  mkdirSync(folder, { recursive: true });
  await driver.write(ids.map((id) => started(id, base_id)));
  assert.equal(cuts.length, 0);
  const stored = await driver.read(base_id);
  assert.deepEqual([...new Set(stored?.events.map((event) => event.trace_id))], ids);
});

test('a system that takes a few bytes at a time gets all of them, and one that takes none is an error', async () => {
  const original = fs.writeSync;
  let most = 5;
  mock.method(fs, 'writeSync', (fd: number, bytes: Buffer) => original(fd, bytes.subarray(0, most)));
  await driver.write([started('1')]);
  assert.deepEqual(await idsOf(), ['1']);
  most = 0;
  assert.throws(() => driver.write([started('2')]), DriverError);
});

test('foreign, hostile and huge lines are skipped and counted', async () => {
  const foreign = [
    'no JSON',
    '{"level":30,"msg":"another program"}',
    started('of another trace', newId()).text,
    started('1').text.replace(base_id, '../../etc/passwd'),
    // An event in all but its size.
    started('huge').text.replace('test-host', 'x'.repeat(9 * 1024 * 1024)),
    '\ufffd\u0000\u0001',
    '[]',
  ];
  const blank = ['', '   ', '\t', '\r'];
  await driver.write([started('first')]);
  appendFileSync(fileOf(base_id), [...foreign, ...blank].join('\n'));
  appendFileSync(fileOf(base_id), Buffer.from([0x0a, 0xff, 0xfe, 0x80, 0x0a]));
  // As large as a line may be, so that it spans many chunks.
  const large = eventsOf({ name: 'p', id: 'large', start: 1, startInfo: { x: 'ü'.repeat(2_000_000) } });
  await driver.write([lineOf(large[0]!), started('last')]);
  const stored = await driver.read(base_id);
  assert.deepEqual(
    stored?.events.map((event) => event.trace_id),
    ['first', 'large', 'last'],
  );
  assert.deepEqual(stored?.events[1], large[0]);
  assert.equal(stored?.skipped, foreign.length + 1);
});

test('lines of every length are read whole, wherever the chunks end', async () => {
  const ids: string[] = [];
  for (let length = 1; length < 200_000; length += Math.ceil(length / 9)) ids.push(`${length}`);
  await driver.write(
    ids.map((id) => {
      const startInfo = { padding: 'ä'.repeat(Number(id)) };
      return lineOf(eventsOf({ name: 'p', id, start: 1, startInfo })[0]!);
    }),
  );
  assert.deepEqual(await driver.read(base_id).then((stored) => stored?.skipped), 0);
  assert.deepEqual(await idsOf(), ids);
});

test('the last line counts without its newline, and a huge one without its end', async () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileOf(base_id), started('1').text);
  assert.deepEqual(await idsOf(), ['1']);
  appendFileSync(fileOf(base_id), `\n${'x'.repeat(5 * 1024 * 1024)}`);
  const stored = await driver.read(base_id);
  assert.deepEqual([stored?.events.length, stored?.skipped], [1, 1]);
});

test('the list has the newest trace first, whatever lies beside the traces', async () => {
  const ids = Array.from({ length: 20 }, newId);
  for (const [i, id] of ids.entries()) await driver.write([started('1', id, i * 7), started('2', id, 0)]);
  writeFileSync(join(folder, 'README.jsonl'), started('1').text);
  writeFileSync(join(folder, `${newId()}.txt`), started('1').text);
  writeFileSync(fileOf(newId()), 'not ours');
  writeFileSync(fileOf(newId()), started('of another trace', newId()).text);
  writeFileSync(fileOf(newId()), '');
  mkdirSync(fileOf(newId()));
  // A line before it that is not ours does not hide a trace.
  const torn = newId();
  writeFileSync(fileOf(torn), `{"torn":\n${started('1', torn, 500).text}`);
  const expected = ids.map((trace, i) => ({ base_id: trace, timestamp: at(i * 7) })).toReversed();
  assert.deepEqual(await driver.list(), [{ base_id: torn, timestamp: at(500) }, ...expected]);
});

test('an id that is no UUID names no file', async () => {
  writeFileSync(join(folder, '../../secret.jsonl'), started('1').text);
  assert.equal(await driver.read('../../secret'), undefined);
  assert.equal(await driver.read(''), undefined);
});

test('a trace that cannot be written is named, and a line without a trace makes no file', () => {
  const blocked = newId();
  mkdirSync(fileOf(blocked), { recursive: true });
  assert.throws(
    () => driver.write([started('x', blocked)]),
    (error) => error instanceof WriteError && error.message.includes(fileOf(blocked)),
  );
  assert.throws(() => driver.write([new Line('../../escaped', '{}')]), { message: /no trace id/ });
  assert.equal(existsSync(join(folder, '../../escaped.jsonl')), false);
});

test('what is no folder and no file is one clear sentence', async () => {
  const file = join(folder, '../..', 'file');
  writeFileSync(file, '');
  for (const wrong of [open(`file://${file}`), open(`file://${file}/below`)]) {
    const message = new RegExp(`^cannot (read|write) ${file}.*: .*name a folder in the connection string$`);
    await assert.rejects(wrong.list(), { name: 'DriverError', message });
    assert.throws(() => wrong.write([started('1')]), { name: 'WriteError', message });
    await assert.rejects(wrong.read(base_id), { name: 'DriverError', message });
  }
  mkdirSync(fileOf(base_id), { recursive: true });
  await assert.rejects(driver.read(base_id), { name: 'DriverError', message: /it is not a file; remove/ });
});

test('a named pipe in the place of a trace does not hang its readers', { timeout: 20_000 }, async () => {
  mkdirSync(folder, { recursive: true });
  execFileSync('mkfifo', [fileOf(base_id)]);
  assert.deepEqual(await driver.list(), []);
  await assert.rejects(driver.read(base_id), { name: 'DriverError', message: /it is not a file; remove/ });
});

test('a folder or file that may not be used is one clear sentence', async () => {
  const denied = (): never => {
    throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
  };
  await driver.write([started('1')]);
  mock.method(fs, 'openSync', denied);
  // Only another user's file: the list goes on without it.
  assert.deepEqual(await driver.list(), []);
  mock.method(fs, 'readdirSync', denied);
  const message = /^cannot (read|write) \/.*: permission denied; check who may use it/;
  await assert.rejects(driver.list(), { name: 'DriverError', message });
  await assert.rejects(driver.read(base_id), { name: 'DriverError', message });
  assert.throws(() => driver.write([started('1')]), { name: 'WriteError', message });
});

test('old traces go, and the oldest of too many; what is not ours stays', async () => {
  const traces = [newId(), newId(), newId()];
  await driver.write(traces.map((trace) => started('1', trace)));
  writeFileSync(join(folder, 'notes.jsonl'), 'x'.repeat(10_000));
  const { size } = statSync(fileOf(traces[0]!));
  const aged = (trace: string, days: number): void => {
    const time = Date.now() / 1000 - days * 86_400;
    utimesSync(fileOf(trace), time, time);
  };
  aged(traces[0]!, 8);
  aged(traces[1]!, 2);
  aged(traces[2]!, 1);
  const listed = async (): Promise<readonly string[]> => (await driver.list()).map((each) => each.base_id);

  await open(`file://${folder}`, { keepFor: 7 * 86_400 }).write([started('2', traces[2])]);
  assert.deepEqual((await listed()).toSorted(), traces.slice(1).toSorted());
  await open(`file://${folder}`, { keepSize: 2.5 * size }).write([started('3', traces[2])]);
  assert.deepEqual(await listed(), [traces[2]]);
  assert.ok(existsSync(join(folder, 'notes.jsonl')));
});

test('an old trace that can not be removed is no failure, and the others go', async () => {
  const [old, stuck] = [newId(), newId()];
  await driver.write([started('1', old)]);
  mkdirSync(fileOf(stuck));
  utimesSync(fileOf(old), 1, 1);
  utimesSync(fileOf(stuck), 2, 2);
  await open(`file://${folder}`, { keepFor: 60 }).write([started('2', newId())]);
  assert.ok(!existsSync(fileOf(old)));
});
