// The exporter's worker thread: reads the rings of the application's threads and hands what is in them to
// the driver, which lives here alone.
import { parentPort, workerData } from 'node:worker_threads';

import type { Driver, Line } from '../drivers/driver.js';
import { openDriver } from '../drivers/index.js';
import { notice, tell } from '../trace/notice.js';
import { type BundleMark, adviceOn, bundledIn } from './bundles.js';
import type { ExportData, ExportMessage } from './protocol.js';
import { type Ring, fallAsleep, hasTraceEnded, isClosed, openRing, readLines, takeDropped } from './ring.js';

// Bounds a batch, so that a driver's request and the memory it takes stay small.
const batchLines = 1000;
// While events come, they are collected for this long; it is also what a kill of the process can cost.
const collectMs = 10;
const reportEveryMs = 60_000;

const { connectionString, drivers, ring, flushed } = workerData as ExportData;
const own = ring && openRing(ring);
const rings = new Set<Ring>(own && [own]);
const done = new Int32Array(flushed);

let driver: Driver | undefined;
let isDraining = false;
let isWanted = false;
let flushTicket = 0;
let timer: NodeJS.Timeout | undefined;
let lost = 0;
let reason = '';
let reportedAt = -reportEveryMs;

parentPort?.on('message', (message: ExportMessage) => {
  if (message.kind === 'adopt') rings.add(openRing(message.ring));
  else if (message.kind === 'flush') flushTicket = message.ticket;
  else if (message.kind === 'inspect') inspect(message.file, message.marks);
  void drain();
});

function inspect(file: string, marks: readonly BundleMark[]): void {
  const names = bundledIn(file, marks);
  if (names.length > 0) notice(adviceOn(names, file));
}

/** Stores what is in the rings by now. One pass at a time; a call meanwhile makes another one follow. */
async function drain(): Promise<void> {
  isWanted = true;
  if (isDraining) return;
  isDraining = true;
  clearTimeout(timer);
  let isBusy = false;
  while (isWanted) {
    isWanted = false;
    for (const each of rings) {
      isBusy = (await drainRing(each)) || isBusy;
    }
  }
  isDraining = false;
  if (done[0]! < flushTicket) {
    report(true);
    Atomics.store(done, 0, flushTicket);
    Atomics.notify(done, 0);
  }
  report(false);
  rest(isBusy);
}

/**
 * Stores what a ring holds, but does not run after a thread that goes on writing: what comes meanwhile is
 * collected for the next pass.
 */
async function drainRing(each: Ring): Promise<boolean> {
  let isFound = false;
  for (;;) {
    // Asked first: what was written before the ring was closed is in it by now.
    const isLast = isClosed(each);
    const lines = readLines(each, batchLines);
    if (lines.length > 0) await store(lines);
    countDropped(each);
    if (isLast && lines.length === 0) rings.delete(each);
    isFound ||= lines.length > 0;
    if (lines.length < batchLines) return isFound;
  }
}

/** Looks again soon while events come; else sleeps until a message, or polls threads that can't send one. */
function rest(isBusy: boolean): void {
  const isPolled = [...rings].some((each) => each !== own && !hasTraceEnded(each));
  if (!isBusy && !isPolled && (own === undefined || fallAsleep(own))) return;
  timer = setTimeout(() => void drain(), collectMs);
}

async function store(texts: readonly string[]): Promise<void> {
  const lines = texts.map((text): Line => ({ base_id: baseId(text), text }));
  try {
    driver ??= openDriver(connectionString, drivers);
    await driver.write(lines);
  } catch (error) {
    lost += lines.length;
    reason = error instanceof Error ? error.message : String(error);
  }
}

function countDropped(each: Ring): void {
  const count = takeDropped(each);
  if (count === 0) return;
  lost += count;
  reason = 'they came faster than they could be stored';
}

/** Says what was lost, once a minute at the most, and before the process ends. */
function report(isLast: boolean): void {
  const now = performance.now();
  if (lost === 0 || (!isLast && now - reportedAt < reportEveryMs)) return;
  tell(`${lost} events were lost: ${reason}`);
  lost = 0;
  reportedAt = now;
}

/** The trace of a line, which `point.ts` wrote with the id at a fixed place after its name. */
function baseId(line: string): string {
  const start = line.indexOf('"base_id":"') + '"base_id":"'.length;
  return line.slice(start, start + 36);
}
