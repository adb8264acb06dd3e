// The exporter's worker thread. It reads the rings of the application's threads and hands the events to the
// deliveries, whose drivers live only here.
import { parentPort, workerData } from 'node:worker_threads';

import { trustPackagesOf } from '../drivers/load-peer.js';
import type { Line } from '../drivers/driver.js';
import { notice } from '../trace/notice.js';
import { Accounts } from './accounts.js';
import { type BundleMark, adviceOn, bundledIn } from '../diagnosis/bundles.js';
import { Delivery } from './delivery.js';
import { Keeper } from './keeper.js';
import { createSerializer } from './serializer.js';
import type { ExportData, ExportMessage } from './protocol.js';
import {
  type Ring,
  fallAsleep,
  hasTraceEnded,
  isClosed,
  openRing,
  readRecords,
  takeDropped,
} from './ring.js';

// Bounds one read, so that other work of this thread has its turns.
const readMost = 1000;
// While events arrive, they are collected until there are about this many, but at most for this long, which is also
// a part of what a kill of the process costs. Waking up is expensive after a command has been started, because the
// system then copies each page of memory that is written to for the first time. With more events at a time, they
// would not stay in the processor's cache until they are sent.
const wantedEvents = 200;
const [leastMs, mostMs] = [10, 30];

const {
  connectionStrings,
  delivery,
  ring,
  script,
  accounts: memory,
  kept,
  mark,
  isRestarted,
} = workerData as ExportData;
trustPackagesOf(script);
const own = ring && openRing(ring);
const rings = new Set<Ring>(own && [own]);
const accounts = new Accounts(connectionStrings.length, memory);
const toLine = createSerializer(delivery.drivers);
const keeper = new Keeper(openRing(kept), accounts);
const deliveries = connectionStrings.map(
  (each, i) =>
    new Delivery(each, delivery, {
      account: accounts.stores[i]!,
      mark,
      onSafe: () => keeper.release(),
      isOver: () => accounts.isOver,
    }),
);

let timer: NodeJS.Timeout | undefined;
let collectMs = leastMs;

keeper.watch(deliveries);
if (isRestarted) {
  // Comes first: no record may be forgotten that the deliveries do not have yet.
  const left = keeper.left(toLine);
  deliveries.forEach((each, i) => {
    const unsafe = accounts.unsafeOf(left, accounts.stores[i]!);
    each.reclaim();
    each.push(unsafe, true);
  });
  accounts.given = 0;
  deliverAll(left.length, true);
}
accounts.isUp = true;

parentPort?.on('message', (message: ExportMessage) => {
  if (message.kind === 'adopt') rings.add(openRing(message.ring));
  else if (message.kind === 'inspect') inspect(message.file, message.marks);
  else if (message.kind === 'flush') void flush(message.ticket, message.timeoutMs, message.isLast);
  drain();
});

function inspect(file: string, marks: readonly BundleMark[]): void {
  const names = bundledIn(file, marks);
  if (names.length > 0) notice(adviceOn(names, file));
}

/** Waits for the stores, but not for one that is away. Events that it does not accept are spooled. */
async function flush(ticket: number, timeoutMs: number, isLast: boolean): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  drain();
  await Promise.all(deliveries.map((each) => each.flush(deadline, isLast)));
  accounts.finish(ticket);
}

/** Takes the events that are in the rings by now. */
function drain(): void {
  clearTimeout(timer);
  if (accounts.isOver) return;
  let count = 0;
  for (const each of rings) count += drainRing(each);
  rest(count);
}

/**
 * Does not chase a thread that goes on writing: events that arrive meanwhile are collected in the next pass.
 *
 * @returns how many events there were
 */
function drainRing(each: Ring): number {
  let count = 0;
  for (;;) {
    if (accounts.isOver) return count;
    // Asked first: everything that was written before the ring was closed is in it by now.
    const isLast = isClosed(each);
    const lines = readRecords(each, readMost, toLine, keeper.keep);
    if (lines.length > 0) push(lines);
    countDropped(each);
    if (isLast && lines.length === 0) rings.delete(each);
    count += lines.length;
    if (lines.length < readMost) return count;
  }
}

/** Events that are lost for all stores are counted, so they must not be found in the copy. */
function push(lines: readonly Line[]): void {
  // The events are in the copy, where the application's thread finds them, and must not be counted as given.
  if (accounts.isOver) return;
  let isTaken = false;
  for (const to of deliveries) if (to.push(lines)) isTaken = true;
  deliverAll(lines.length, isTaken);
}

function deliverAll(count: number, isTaken: boolean): void {
  keeper.settle(count, isTaken);
  for (const to of deliveries) to.prepare();
  for (const to of deliveries) to.deliver();
}

/**
 * Looks again soon while events arrive. Otherwise it sleeps until a message arrives, or polls threads that cannot
 * send one.
 */
function rest(count: number): void {
  const isPolled = [...rings].some((each) => each !== own && !hasTraceEnded(each));
  if (count === 0 && !isPolled && (own === undefined || fallAsleep(own))) {
    collectMs = leastMs;
    return;
  }
  collectMs = Math.min(Math.max((collectMs * wantedEvents) / count, leastMs), mostMs);
  timer = setTimeout(drain, collectMs);
}

function countDropped(each: Ring): void {
  const count = takeDropped(each);
  for (const from of deliveries) from.lose(count, 'they came faster than they could be taken');
}
