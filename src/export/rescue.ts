// Spools the events that the exporter's thread cannot take care of any more.
import { masked } from '../drivers/schemes.js';
import type { Line } from '../drivers/driver.js';
import { messageOf } from '../trace/notice.js';
import type { Accounts } from './accounts.js';
import type { DeliverySettings } from './delivery.js';
import { createSerializer } from './serializer.js';
import { DropCounter } from './drop-counter.js';
import { type Ring, takeBack, takeDropped } from './ring.js';
import { Spool } from './spool.js';

const batchLines = 1000;

/** The events that the exporter's thread cannot take care of. */
export interface Left {
  readonly connectionStrings: readonly string[];
  readonly delivery: DeliverySettings;
  readonly accounts: Accounts;
  readonly mark: string;
  /** The rings with the records that the thread has not taken. */
  readonly rings: readonly Ring[];
  /** The copy of the records that it has taken; undefined if there never was one. */
  readonly kept: Ring | undefined;
  /** The reason, as a part of a sentence. */
  readonly reason: string;
  /** Whether the process ends. */
  readonly isLast: boolean;
}

/**
 * Spools everything that is neither stored nor spooled, when the exporter's thread is blocked or gone and the
 * process ends or may end. Reports the events that cannot be spooled, and those that were lost before and not
 * reported.
 */
export function rescue(left: Left): void {
  const { connectionStrings, delivery, accounts, rings, kept, isLast } = left;
  if (isLast) accounts.end();
  const toLine = createSerializer(delivery.drivers);
  // A copy of the rest: what the thread is reading goes there.
  const fresh = rings.flatMap((ring) => takeBack(ring, toLine, isLast));
  const taken = kept === undefined ? [] : takeBack(kept, toLine, isLast);
  let dropped = isLast ? accounts.unkept : 0;
  for (const ring of rings) dropped += takeDropped(ring);
  connectionStrings.forEach((each, i) => {
    const unsafe = accounts.unsafeOf(taken, accounts.stores[i]!);
    rescueOf(each, i, [...unsafe, ...fresh], dropped, left);
  });
  // Events that are taken here must not count as given any more.
  if (!isLast) accounts.given = 0;
}

function rescueOf(store: string, i: number, lines: readonly Line[], dropped: number, left: Left): void {
  const { delivery, accounts, mark, reason, isLast } = left;
  const account = accounts.stores[i]!;
  const drops = new DropCounter(masked(store), account);
  drops.add(dropped + (isLast ? account.held : 0), reason);
  const spool = new Spool(store, delivery.spool, mark);
  // The order matters: the thread may be storing them right now.
  const there = account.spooled > 0 ? spool.countMarked() : 0;
  const before = account.spooled;
  let spooled = Math.min(there, before);
  drops.add(before - spooled, 'a file of the spool is gone or damaged');
  try {
    for (let start = 0; start < lines.length; start += batchLines) {
      const batch = lines.slice(start, start + batchLines);
      if (spool.write(batch) === undefined)
        drops.add(batch.length, `${reason}; the spool in ${spool.folder} is full`);
      else spooled += batch.length;
    }
  } catch (error) {
    const rest = lines.length - (spooled - Math.min(there, before));
    drops.add(rest, `${reason}; they can't be spooled: ${messageOf(error)}`);
  }
  drops.report(true, reason);
  if (spooled > 0) drops.sayLeft(spooled, spool.folder, reason);
}
