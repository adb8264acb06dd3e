// Stores what gone processes have left in the spool of one store, for `ostrace flush`.
import { type Driver, WriteError } from '../drivers/driver.js';
import { masked, openDriver } from '../drivers/index.js';
import type { Line } from '../drivers/line.js';
import type { DeliverySettings } from './delivery.js';
import { DropCounter } from './drop-counter.js';
import { type Segment, Spool } from './spool.js';

const batchLines = 1000;

/** The outcome of a flush of one store's spool. */
export interface Flushed {
  readonly stored: number;
  /** The number of events, of all processes, that still wait. */
  readonly waiting: number;
  /** Why some events could not be stored; undefined if all were stored, apart from those of running processes. */
  readonly problem: unknown;
}

/**
 * Stores the events that gone processes have spooled for one store. Lines that the store refuses for good are
 * reported.
 *
 * @param onStored is told how many events are stored so far
 */
export async function flushSpool(
  connectionString: string,
  { drivers, spool: settings }: DeliverySettings,
  onStored: (stored: number) => void = () => {},
): Promise<Flushed> {
  const spool = new Spool(connectionString, settings);
  const driver = openDriver(connectionString, drivers);
  const drops = new DropCounter(masked(connectionString));
  const done: Segment[] = [];
  let held: readonly Line[] = [];
  let stored = 0;
  let problem: unknown;
  let unreadable: unknown;
  try {
    for (let segment = spool.inherit(); segment !== undefined; segment = spool.inherit()) {
      const lines = linesOf(spool, segment, (error) => (unreadable = error));
      if (lines === undefined) continue;
      for (let start = 0; start < lines.length; start += batchLines) {
        stored += await writeAll(driver, lines.slice(start, start + batchLines), drops);
        onStored(stored);
      }
      // The other halves of its events may be in the next file.
      if (driver.takeHeld === undefined) spool.remove(segment);
      else done.push(segment);
    }
    await driver.write([], { isLast: true });
  } catch (error) {
    problem = error;
    held = driver.takeHeld?.() ?? [];
    // After the last batch, the driver gives back the events that it could not store, with the error.
    if (held.length === 0 && driver.takeHeld && error instanceof WriteError) held = error.again;
    stored -= held.length;
  }
  drops.report(true);
  // Without room for these events, the files stay, and some of their events will be stored twice.
  if (held.length === 0 || spool.write(held) !== undefined) {
    for (const segment of done) spool.remove(segment);
  }
  await driver.close();
  return { stored, waiting: spool.count(), problem: problem ?? unreadable };
}

/** A file that cannot be read stays, and must not keep the others from being stored. */
function linesOf(
  spool: Spool,
  segment: Segment,
  onError: (error: unknown) => void,
): readonly Line[] | undefined {
  try {
    return spool.read(segment);
  } catch (error) {
    onError(error);
    return undefined;
  }
}

/** @returns how many of the lines are stored; the others never will be */
async function writeAll(driver: Driver, lines: readonly Line[], drops: DropCounter): Promise<number> {
  try {
    await driver.write(lines, { isRepeated: true });
    return lines.length;
  } catch (error) {
    if (!(error instanceof WriteError) || error.again.length > 0) throw error;
    drops.add(error.refused, error.message);
    return lines.length - error.refused;
  }
}
