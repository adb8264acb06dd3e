// Folders as the file driver may find them: what it wrote, and what crashes and strangers left among it.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  type Arbitrary,
  array,
  constant,
  constantFrom,
  nat,
  oneof,
  record,
  uint8Array,
  uniqueArray,
  uuid,
} from 'fast-check';

import { DriverError } from '../../src/drivers/driver.js';
import { open } from '../fixtures/drivers.js';
import { clean } from '../../src/report/format.js';
import { shopTrace } from '../fixtures/events.js';
import { anyText, mutated } from './mutations.js';
import { target } from './target.js';

const event = shopTrace()[0]!;
/** What the driver writes of one event: the newline before it ends what a killed writer left. */
const planted = (base_id: string, trace_id: string): string =>
  `\n${JSON.stringify({ ...event, base_id, trace_id })}\n`;

// The driver reads in chunks of 64 KB, and passes over what is longer than 4 MB.
const chunk = 64 * 1024;
const length = oneof(
  nat(4).map((more) => chunk - 2 + more),
  nat(4 * chunk),
  nat(4 * chunk).map((more) => 64 * chunk - 2 + more),
);

/** What no driver wrote. It may hold newlines, and ends without one. */
const litter: Arbitrary<string | Uint8Array> = oneof(
  uint8Array({ maxLength: 300 }),
  anyText,
  mutated(constant(JSON.stringify(event))),
  mutated(uuid().map((id) => planted(id, id))),
  constantFrom('\ufeff', '\0'.repeat(100), '\r\n\r', '\n'.repeat(1000), new Uint8Array([0xf0, 0x9f, 0x98])),
  nat(100_000).map((levels) => '[{"a":'.repeat(levels)),
  nat(5000).map((levels) => `${'['.repeat(levels)}${']'.repeat(levels)}`),
  record({ length, fill: constantFrom('x', ' ', '"', '[', '\0', '\n') }).map((each) =>
    each.fill.repeat(each.length),
  ),
);

const kinds = ['file', 'file', 'file', 'folder', 'link', 'dangling link', 'link to itself'] as const;
interface Entry {
  readonly base_id: string;
  readonly kind: (typeof kinds)[number];
  /** What stands in the file, in this order, an event behind each but the first. */
  readonly litter: readonly (string | Uint8Array)[];
}
const entry: Arbitrary<Entry> = record({
  base_id: uuid(),
  kind: constantFrom(...kinds),
  litter: array(litter, { minLength: 1, maxLength: 4 }),
});

/** The events of an entry that the driver wrote, by their ids. */
const idsOf = ({ litter: all }: Entry): string[] => all.slice(1).map((_, i) => `point ${i}`);

function make(folder: string, { base_id, kind, litter: all }: Entry): void {
  const path = join(folder, `${base_id}.jsonl`);
  if (kind === 'folder') mkdirSync(path);
  else if (kind === 'dangling link') symlinkSync(join(folder, 'nothing'), path);
  else if (kind === 'link to itself') symlinkSync(path, path);
  else {
    const parts = all.flatMap((each, i) => (i === 0 ? [each] : [planted(base_id, `point ${i - 1}`), each]));
    const file = kind === 'link' ? join(folder, `linked ${base_id}`) : path;
    writeFileSync(file, Buffer.concat(parts.map((part) => Buffer.from(part as string))));
    if (kind === 'link') symlinkSync(file, path);
  }
}

async function checkStore(entries: readonly Entry[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ostrace-fuzz-store-'));
  try {
    for (const each of entries) make(folder, each);
    const driver = open(`file://${folder}`);
    const listed = (await driver.list()).map(({ base_id }) => base_id);
    for (const each of entries) {
      const { base_id, kind } = each;
      const isListed = listed.filter((id) => id === base_id).length;
      if (kind !== 'file') assert.equal(isListed, 0, `a ${kind} is listed`);
      else if (idsOf(each).length > 0) assert.equal(isListed, 1, 'a trace is not listed');
      await checkRead(each, () => driver.read(base_id));
    }
    assert.match(await driver.check(), /^\d+ traces? in /);
    await driver.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Read = ReturnType<ReturnType<typeof open>['read']>;

async function checkRead(each: Entry, read: () => Read): Promise<void> {
  const { base_id, kind } = each;
  let stored: Awaited<Read>;
  try {
    stored = await read();
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    // No link is followed: in a folder that others may write to it may lead anywhere.
    assert.notEqual(kind, 'file', `a ${kind} is refused: ${error.message}`);
    assert.match(clean(error.message), /^cannot read \S[^\n]+$/);
    return;
  }
  assert.ok(kind === 'file' || stored === undefined, `a ${kind} was read`);
  if (kind !== 'file') return;
  const { events = [] } = stored ?? {};
  assert.ok(events.every((found) => found.base_id === base_id));
  const found = events.map(({ trace_id }) => trace_id).filter((id) => id.startsWith('point '));
  assert.deepEqual(found, idsOf(each), 'events were lost');
}

export const storeTargets = [
  target({
    name: 'stores: a folder of litter is listed and read, and no event is lost in it',
    share: 5,
    input: uniqueArray(entry, { minLength: 1, maxLength: 4, selector: ({ base_id }) => base_id }),
    check: checkStore,
  }),
];
