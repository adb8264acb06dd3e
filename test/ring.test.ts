// The ring by itself: what happens once in a hundred thousand events can't be brought about from outside.
// needs: time
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';

import type { Line } from '../src/drivers/line.js';
import { createSerializer } from '../src/export/serializer.js';
import { DeliveryQueue } from '../src/export/queue.js';
import { cpuWord, idleWord, turnWord, writeEvent } from '../src/export/record.js';
import { type Ring, createRing, isEmpty, readRecords, takeBack, takeDropped } from '../src/export/ring.js';
import { Spool } from '../src/export/spool.js';
import { rootContext } from '../src/trace/context.js';
import { beginTrace } from '../src/trace/trace.js';
import type { Event, Info } from '../src/trace/event.js';
import { newId, newPointId } from '../src/trace/ids.js';
import { FixedInfo } from '../src/trace/info.js';
import type { Message, Payload } from '../src/trace/point.js';
import { scratch, withoutTimes } from './scenario.js';

const source = { host: 'h"ost', project: 'ostrace', service: 'shop' };
const toLine = createSerializer(source);
const trace = beginTrace(newId(), 'key');
const root = rootContext(trace, trace.base_id);

function write(ring: Ring, said: Payload, message: Message = 'start', point = 'work'): void {
  writeEvent(ring, { ...root, id: newPointId(), parent: root.id, point }, message, said, false);
}

const eventOf = ({ event, text }: Line): Event => {
  assert.ok(event !== undefined, text);
  return event;
};

const infoOf = (line: Line): Info => {
  const { host, ...info } = withoutTimes(eventOf(line)).info;
  assert.equal(host, source.host);
  return info;
};

test('what is written is read as an event, whatever it says', () => {
  const infos: Info[] = [
    {},
    { a: 1, b: -1.5, c: true, d: null, e: 'text', f: { g: { h: 'i' } } },
    { quote: '"', backslash: '\\', control: '\n\u0001', umlaut: 'ü', face: '😀', half: '\ud800' },
    { long: 'x'.repeat(3000), longer: 'ü'.repeat(9000), list: [1, 'two', { three: 3 }] },
    { zero: 0, minusZero: -0, large: 2 ** 40, small: 1e-7, digits: 123_456_789, billion: 1e9 },
    { deep: { a: { b: { c: { d: { e: 1 } } } } } },
  ];
  const ring = createRing(256 * 1024);
  for (const info of infos) {
    write(ring, info);
    write(ring, new FixedInfo(info), 'stop', 'größer');
  }
  const lines = readRecords(ring, Infinity, toLine);
  const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  assert.deepEqual(
    lines.map(infoOf),
    infos.flatMap((info) => [asJson(info), asJson(info)]),
  );
  assert.deepEqual([...new Set(lines.map((line) => eventOf(line).name))], ['work-start', 'größer-stop']);
  const { base_id, parent_id, project, service } = eventOf(lines[0]!);
  const expected = [trace.base_id, trace.base_id, source.project, source.service];
  assert.deepEqual([base_id, parent_id, project, service], expected);
  assert.equal(lines[0]!.base_id, trace.base_id);
});

test('a line says where it comes from and when, also beyond ASCII and where a second ends', () => {
  const ring = createRing(64 * 1024);
  const far = { host: 'größe', project: '日本', service: '😀' };
  for (const after of [0, 0.4, 999.9996]) {
    const anchoredMs = Date.UTC(2026, 0, 1) + after;
    const then = Object.assign(Object.create(trace) as typeof trace, { anchoredMs });
    writeEvent(ring, { ...root, trace: then, id: newPointId(), point: 'work' }, 'start', undefined, false, 0);
  }
  const events = readRecords(ring, Infinity, createSerializer(far)).map(eventOf);
  assert.equal(events.length, 3);
  for (const { info, project, service, timestamp } of events) {
    assert.deepEqual({ host: info['host'], project, service }, far);
    assert.match(timestamp, /^2026-01-01T00:00:0[01]\.\d{6}$/);
  }
  assert.deepEqual(
    events.map(({ timestamp }) => timestamp.slice(-15)),
    ['00:00:00.000000', '00:00:00.000400', '00:00:01.000000'],
  );
});

test('an event says where the event loop is, unless it is past, and at the top of a thread the CPU time', () => {
  const ring = createRing(64 * 1024);
  const context = { ...root, id: newPointId(), point: 'work' };
  for (const said of [undefined, {}, { a: 'ü' }, new FixedInfo({ a: 1 })]) {
    writeEvent(ring, context, 'start', said, false);
    writeEvent(ring, context, 'stop', said, true);
    writeEvent(ring, context, 'stop', said, true, 0);
  }
  // Beyond what one word holds, which a service reaches in some days.
  for (const [idle, turn, cpu] of [
    [0, 0, 0.0004],
    [1.9996, -1, 0.1],
    [1e9 + 0.001, 2 ** 31 - 1, 1e10],
  ] as const) {
    const at = ring.written >> 2;
    writeEvent(ring, context, 'stop', { a: 1 }, true);
    ring.doubles[(at + idleWord) >> 1] = idle;
    ring.doubles[(at + cpuWord) >> 1] = cpu;
    ring.words[at + turnWord] = turn;
  }
  const infos = readRecords(ring, Infinity, toLine).map((line) => eventOf(line).info);
  const id = `${process.pid}.0`;
  const [live, past] = [infos.slice(0, 12), infos.slice(12)];
  assert.deepEqual(
    live.map(({ loop }) => Object.keys(loop ?? {}).join()),
    Array.from({ length: 4 }, () => ['id,idle_ms,turn', 'id,idle_ms,turn,cpu_ms', '']).flat(),
  );
  const said = live.flatMap(({ loop }) => (loop === undefined ? [] : [loop as Record<string, unknown>]));
  for (const { id: its, idle_ms, turn, cpu_ms = 1 } of said) {
    assert.equal(its, id);
    assert.ok((idle_ms as number) >= 0 && Number.isInteger(turn) && (cpu_ms as number) > 0);
  }
  assert.deepEqual(
    past.map(({ loop }) => loop),
    [
      { id, idle_ms: 0, turn: 0, cpu_ms: 0 },
      { id, idle_ms: 2, turn: 2 ** 32 - 1, cpu_ms: 0.1 },
      { id, idle_ms: 1e9 + 0.001, turn: 2 ** 31 - 1, cpu_ms: 1e10 },
    ],
  );
});

test('what does not fit is counted, and what follows it is whole', () => {
  const ring = createRing(64 * 1024);
  for (let i = 0; i < 1000; i++) write(ring, { i });
  const dropped = takeDropped(ring);
  const lines = readRecords(ring, Infinity, toLine);
  assert.ok(dropped > 0 && lines.length > 200, `${dropped} dropped, ${lines.length} read`);
  assert.equal(lines.length + dropped, 1000);
  assert.deepEqual(
    lines.map(infoOf),
    lines.map((_, i) => ({ i })),
  );
  write(ring, { i: 'next' });
  assert.deepEqual(readRecords(ring, Infinity, toLine).map(infoOf), [{ i: 'next' }]);
});

test('a ring that is read in time is written from its beginning again, and one that is not wraps', () => {
  const ring = createRing(512 * 1024);
  const far = (): number => ring.written & (512 * 1024 - 1);
  let read = 0;
  for (const most of [1000, 700]) {
    let farthest = 0;
    for (let i = 0; i < 5000; i++) {
      write(ring, { i });
      farthest = Math.max(farthest, far());
      if (i % most === 0) {
        for (const line of readRecords(ring, most - 1, toLine)) {
          assert.deepEqual(infoOf(line), { i: read });
          read = (read + 1) % 5000;
        }
      }
    }
    for (const line of readRecords(ring, Infinity, toLine)) {
      assert.deepEqual(infoOf(line), { i: read });
      read = (read + 1) % 5000;
    }
    assert.ok(isEmpty(ring) && takeDropped(ring) === 0 && read === 0);
    assert.ok(farthest > 128 * 1024, `${farthest}`);
  }
  for (let i = 0; i < 100_000; i++) {
    write(ring, { i });
    if (i % 100 === 0) readRecords(ring, Infinity, toLine);
  }
  assert.ok(far() < 256 * 1024, 'it was read all the time');
});

test('what the exporter’s thread did not read is taken back, and it reads nothing any more', () => {
  const ring = createRing(256 * 1024);
  write(ring, { i: 1 });
  assert.deepEqual(takeBack(ring, toLine).map(infoOf), [{ i: 1 }]);
  write(ring, { i: 2 });
  assert.deepEqual(readRecords(ring, Infinity, toLine), []);
});

test('all that a ring of the exporter’s holds is taken at once, also where lines are longer than records', (t) => {
  const ring = createRing(8 * 1024 * 1024);
  while (takeDropped(ring) === 0) {
    write(ring, { text: 'x'.repeat(30_000) });
    write(ring, undefined, 'stop');
  }
  const lines = readRecords(ring, Infinity, toLine);
  assert.ok(lines.length > 500 && lines.reduce((sum, { text }) => sum + text.length, 0) > 8 * 1024 * 1024);
  const folder = scratch(t);
  const settings = { folder, temporary: folder, size: 1e9, age: 3600, transportUrl: undefined };
  const batches = new DeliveryQueue(new Spool('redis://127.0.0.1', settings));
  assert.ok(batches.add(lines));
  assert.deepEqual(batches.count(), { spooled: 0, unspooled: lines.length });
});

function waitUntilRead(ring: Ring): void {
  for (let looks = 0; looks < 2000; looks++) if (isEmpty(ring)) return;
}

/** What the thread that reads does: it must see events in their order, and each of them whole. */
const readingThread = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { openRing, readRecords } = require(workerData.ring);
  const { createSerializer } = require(workerData.serializer);
  const ring = openRing(workerData.memory);
  const toLine = createSerializer({ host: 'h', project: 'p', service: 's' });
  let next = 0;
  let read = 0;
  let looks = 0;
  let lastAt = performance.now();
  while (next < workerData.count) {
    for (const { text } of readRecords(ring, 1000, toLine)) {
      const { i, pad } = JSON.parse(text).info;
      if (i < next || pad.length !== i % workerData.pad) throw new Error('not what was written: ' + text);
      next = i + 1;
      read++;
      lastAt = performance.now();
    }
    if (performance.now() - lastAt > 30_000) throw new Error('nothing came any more after event ' + next);
    if (workerData.isSlow && ++looks % 50 === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  }
  parentPort.postMessage(read);
`;

for (const { what, count, pad, isSlow } of [
  { what: 'falls behind', count: 300_000, pad: 700, isSlow: true },
  { what: 'waits for each event', count: 150_000, pad: 7, isSlow: false },
]) {
  test(`a reader that ${what} sees events whole and in their order, while the ring is rewound`, async () => {
    const ring = createRing(256 * 1024);
    const files = {
      ring: require.resolve('../src/export/ring.js'),
      serializer: require.resolve('../src/export/serializer.js'),
    };
    const workerData = { ...files, memory: ring.memory, count, pad, isSlow };
    const reader = new Worker(readingThread, { eval: true, workerData });
    const told = once(reader, 'message') as Promise<[number]>;
    const gone = new AbortController();
    reader.on('exit', () => gone.abort());
    /** @returns whether there was room for it */
    const wrote = (i: number): boolean => {
      write(ring, { i, pad: 'x'.repeat(i % pad) });
      return takeDropped(ring) === 0;
    };
    let dropped = 0;
    for (let i = 0; i < count - 1; i++) {
      if (!wrote(i)) dropped++;
      if (!isSlow) waitUntilRead(ring);
    }
    // The last one must arrive, for the reader to end.
    while (!wrote(count - 1) && !gone.signal.aborted) await delay(1);
    const [read] = await told;
    assert.equal(read + dropped, count);
    assert.ok(isSlow ? dropped > 0 : dropped < count / 2, `${dropped} were dropped`);
  });
}

/** Keeps lines for a while, as one has to while a store is being connected to; then none of a hundred thousand. */
const linesThatWaited = `
  const { getHeapSpaceStatistics } = require('node:v8');
  const load = (file) => require(process.argv.find((path) => path.endsWith(file + '.js')));
  const { createRing, readRecords } = load('ring');
  const { writeEvent } = load('record');
  const { createSerializer } = load('serializer');
  const { linesByTrace } = load('line');
  const { newId, idOf } = load('ids');
  load('clock').anchor();
  const contexts = Array.from({ length: 100 }, () => {
    const id = idOf(newId());
    return { trace: { id, anchoredMs: 0 }, id, parent: id, point: 'work', library: '' };
  });
  const ring = createRing(256 * 1024);
  const toLine = createSerializer({ host: 'h', project: 'p', service: 's' });
  function read() {
    for (const context of contexts) writeEvent(ring, context, 'start', { text: 'x'.repeat(200) }, false);
    return linesByTrace(readRecords(ring, contexts.length, toLine));
  }
  const old = () => getHeapSpaceStatistics().find((space) => space.space_name === 'old_space').space_used_size;
  let waiting = [];
  for (let i = 0; i < 300; i++) waiting.push(read());
  waiting = [];
  const before = old();
  let most = before;
  for (let i = 0; i < 1000; i++) {
    read();
    most = Math.max(most, old());
  }
  console.log(most - before);
`;

test('lines that waited for a store do not make those after them live on', async () => {
  const files = [
    'export/ring',
    'export/record',
    'export/serializer',
    'drivers/line',
    'trace/ids',
    'trace/clock',
  ];
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--max-semi-space-size=1',
    '-e',
    linesThatWaited,
    ...files.map((file) => require.resolve(`../src/${file}.js`)),
  ]);
  assert.ok(Number(stdout) < 10e6, `${stdout.trim()} bytes of a hundred thousand lines became old`);
});
