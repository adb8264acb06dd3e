// A folder of traces that others may write to: what they put there must not be followed, waited for or changed.
// needs: agent
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { WriteError } from '../src/drivers/driver.js';
import { Line } from '../src/drivers/line.js';
import { newId } from '../src/trace/ids.js';
import { open } from './fixtures/drivers.js';
import { base_id, eventsOf } from './fixtures/events.js';
import { linesOf } from './fixtures/lines.js';
import { key, on, run, scenario, scratch } from './scenario.js';

const mine = 'what must stay as it is';
const failing = eventsOf({ name: 'p', id: '1', start: 1, stop: 2, stopInfo: { etype: 'Error' } });
const lines = linesOf(failing);
const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

/** What another may put in the place of a file; `elsewhere` is one of the user's own. */
const traps: Readonly<
  Record<string, { put: (path: string, elsewhere: string) => void | (() => void); says: RegExp }>
> = {
  'a link': { put: (path, elsewhere) => symlinkSync(elsewhere, path), says: /symbolic link/ },
  'a link to what is not there': {
    put: (path, elsewhere) => symlinkSync(`${elsewhere}2`, path),
    says: /symbolic link/,
  },
  'another name of a file': { put: (path, elsewhere) => linkSync(elsewhere, path), says: /other names/ },
  'a pipe': { put: (path) => void execFileSync('mkfifo', [path]), says: /not a file/ },
  'a pipe that somebody reads': {
    put(path) {
      execFileSync('mkfifo', [path]);
      const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
      return () => closeSync(fd);
    },
    says: /not a file/,
  },
  'a link to a device': { put: (path) => symlinkSync('/dev/full', path), says: /symbolic link/ },
  'a folder': { put: (path) => mkdirSync(path), says: /it is a folder/ },
};

for (const [what, { put, says }] of Object.entries(traps)) {
  for (const place of ['.jsonl', '.error']) {
    test(
      `${what} in the place of a trace's ${place} is left alone, and blocks nobody`,
      { timeout: 20_000 },
      async (t) => {
        const folder = scratch(t);
        const elsewhere = join(scratch(t), 'mine');
        writeFileSync(elsewhere, mine);
        const path = join(folder, base_id + place);
        const done = put(path, elsewhere);
        const driver = open(`file://${folder}`, { filterErrorTrace: true });
        const other = newId();
        const beside = new Line(other, lines[1]!.text.replaceAll(base_id, other));
        assert.throws(
          () => driver.write([...lines, beside]),
          (error) => error instanceof WriteError && error.again.length === 2 && says.test(error.message),
        );
        assert.equal(readFileSync(elsewhere, 'utf8'), mine);
        assert.equal(existsSync(`${elsewhere}2`), false);
        assert.deepEqual(
          readdirSync(folder).toSorted(),
          [
            ...(place === '.jsonl' ? [path] : [path, join(folder, `${base_id}.jsonl`)]),
            ...['.jsonl', '.error'].map((end) => join(folder, other + end)),
          ]
            .map((each) => each.slice(folder.length + 1))
            .toSorted(),
        );
        const listed = (await driver.list()).map((each) => each.base_id);
        const failed = (await driver.listErrors()).map((each) => each.base_id);
        assert.deepEqual(listed.toSorted(), (place === '.jsonl' ? [other] : [base_id, other]).toSorted());
        assert.deepEqual(failed, [other]);
        if (place === '.jsonl' && what !== 'another name of a file')
          await assert.rejects(driver.read(base_id), {
            name: 'DriverError',
            message: what === 'a folder' ? /not a file/ : says,
          });
        await driver.check();
        done?.();
      },
    );
  }
}

test('what is old is removed, and of a link the link alone', async (t) => {
  const folder = scratch(t);
  const elsewhere = join(scratch(t), 'mine');
  writeFileSync(elsewhere, mine);
  utimesSync(elsewhere, 1, 1);
  symlinkSync(elsewhere, join(folder, `${base_id}.jsonl`));
  await open(`file://${folder}`, { keepFor: 60 }).write([new Line(newId(), '{}')]);
  assert.equal(readFileSync(elsewhere, 'utf8'), mine);
});

async function made(t: TestContext, umask: number, shareWithGroup: boolean): Promise<Record<string, string>> {
  const place = scratch(t);
  const folder = join(place, 'deep/store');
  const before = process.umask(umask);
  try {
    await open(`file://${folder}`, { filterErrorTrace: true, shareWithGroup }).write(lines);
  } finally {
    process.umask(before);
  }
  const names = { folder: '.', trace: `${base_id}.jsonl`, error: `${base_id}.error`, ignored: '.gitignore' };
  assert.equal(readFileSync(join(folder, '.gitignore'), 'utf8'), '*\n');
  return Object.fromEntries(Object.entries(names).map(([what, name]) => [what, modeOf(join(folder, name))]));
}

test('what is made is for the user alone, whatever the process’s mask', async (t) => {
  for (const umask of [0, 0o022, 0o077]) {
    const alone = { folder: '700', trace: '600', error: '600', ignored: '600' };
    assert.deepEqual(await made(t, umask, false), alone);
  }
});

test('asked for, it is for the group too, whatever the process’s mask', async (t) => {
  for (const umask of [0, 0o022, 0o077]) {
    const { ignored, ...shared } = await made(t, umask, true);
    assert.deepEqual(shared, { folder: '2770', trace: '660', error: '660' });
    assert.match(ignored!, /^6[0-6]0$/);
  }
});

test('a folder and a file that are there keep their modes, and get no .gitignore', async (t) => {
  for (const shareWithGroup of [false, true]) {
    const folder = scratch(t);
    chmodSync(folder, 0o775);
    const trace = join(folder, `${base_id}.jsonl`);
    writeFileSync(trace, '');
    chmodSync(trace, 0o644);
    await open(`file://${folder}`, { shareWithGroup }).write(lines);
    assert.deepEqual([modeOf(folder), modeOf(trace)], ['775', '644']);
    assert.deepEqual(readdirSync(folder), [`${base_id}.jsonl`]);
  }
});

test('the settings reach what the agent makes', async (t) => {
  for (const [value, folderMode, fileMode] of [
    [undefined, '700', '600'],
    ['true', '2770', '660'],
  ] as const) {
    const folder = join(scratch(t), 'traces');
    const env = {
      ...on,
      OSTRACE_PROFILE: key,
      OSTRACE_CONNECTION_STRING: `file://${folder}`,
      OSTRACE_SHARE_WITH_GROUP: value,
    };
    const { stderr } = await run(t, scenario('empty.cjs'), { env });
    assert.equal(stderr, '');
    const [trace] = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
    assert.deepEqual([modeOf(folder), modeOf(join(folder, trace!))], [folderMode, fileMode]);
  }
});
