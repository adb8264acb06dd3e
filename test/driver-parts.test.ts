// What drivers share, by itself: the connection that all calls of one use, limits of waits, parts of URLs and files.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { decoded } from '../src/drivers/decoded.js';
import { Reconnecting } from '../src/drivers/reconnecting.js';
import { tlsFiles } from '../src/drivers/tls-files.js';
import { newestFirst } from '../src/drivers/trace-list.js';
import { endedWithin, within } from '../src/drivers/within.js';
import { newId } from '../src/trace/ids.js';
import { at } from './fixtures/events.js';
import { scratch } from './scenario.js';

interface Made {
  readonly number: number;
  isOpen: boolean;
  isDestroyed: boolean;
}

/** Connections that are made when the test says so. */
function connections() {
  const made: Made[] = [];
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const all = new Reconnecting<Made>({
    connect: () =>
      new Promise((resolve, reject) => {
        const number = waiting.length;
        waiting.push({
          resolve() {
            made[number] = { number, isOpen: true, isDestroyed: false };
            resolve(made[number]);
          },
          reject,
        });
      }),
    isOpen: ({ isOpen }) => isOpen,
    destroy: (connection) => (connection.isDestroyed = true),
  });
  return { all, made, waiting };
}

test('of calls at the same time one connects, and later ones use the same connection', async () => {
  const { all, waiting } = connections();
  const calls = [all.get(), all.get()];
  assert.equal(waiting.length, 1);
  waiting[0]!.resolve();
  const [one, other] = await Promise.all(calls);
  assert.equal(one, other);
  assert.equal(await all.get(), one);
  assert.equal(all.current, one);
  assert.equal(waiting.length, 1);
});

test('all who wait get the failure of a connection, and the next call tries again', async () => {
  const { all, waiting } = connections();
  const calls = [all.get(), all.get()];
  waiting[0]!.reject(new Error('refused'));
  for (const call of calls) await assert.rejects(call, { message: 'refused' });
  const next = all.get();
  assert.equal(waiting.length, 2);
  waiting[1]!.resolve();
  assert.equal((await next).number, 1);
});

test('a connection that was lost is destroyed, and made anew', async () => {
  const { all, made, waiting } = connections();
  const first = all.get();
  waiting[0]!.resolve();
  (await first).isOpen = false;
  const second = all.get();
  assert.equal(made[0]!.isDestroyed, true);
  waiting[1]!.resolve();
  assert.equal((await second).number, 1);
  assert.equal(made[1]!.isDestroyed, false);
});

test('one that is dropped is left to the caller, and the next call connects anew', async () => {
  const { all, waiting } = connections();
  const first = all.get();
  waiting[0]!.resolve();
  const one = await first;
  assert.equal(all.drop(), one);
  assert.equal(one.isDestroyed, false);
  assert.equal(all.drop(), undefined);
  void all.get();
  assert.equal(waiting.length, 2);
});

test('what is being connected while all is closed is destroyed when it is there', async () => {
  const { all, made, waiting } = connections();
  const late = all.get();
  assert.equal(all.close(), undefined);
  waiting[0]!.resolve();
  await late;
  assert.equal(made[0]!.isDestroyed, true);
  assert.equal(all.current, undefined);
});

const late = (): Error => new Error('late');
const never = new Promise<never>(() => {});

test('a wait gives what the work gives, or its own error when the time is up', async () => {
  assert.equal(await within(10_000, Promise.resolve(1), late), 1);
  await assert.rejects(within(10_000, Promise.reject(new Error('failed')), late), { message: 'failed' });
  await assert.rejects(within(1, never, late), { message: 'late' });
});

test('a wait for the end of work ends well in each case', async () => {
  for (const work of [Promise.resolve(1), Promise.reject(new Error('failed'))])
    await endedWithin(10_000, work);
  await endedWithin(1, never);
});

test('a part of a URL is decoded, and a percent sign that begins nothing is itself, or a problem', () => {
  assert.equal(decoded('p%40%C3%BC%2F'), 'p@ü/');
  assert.equal(decoded('100%'), '100%');
  assert.throws(() => decoded('100%', late), { message: 'late' });
});

test('files of TLS are found by each spelling of their parameters, and one that is missing is named', (t) => {
  const file = join(scratch(t), 'ca.pem');
  writeFileSync(file, 'a certificate');
  const names = { ca: ['ssl_ca_file', 'cacertfile'], cert: ['certfile'], key: ['keyfile'] };
  for (const name of names.ca) {
    const { ca, ...others } = tlsFiles(new URLSearchParams({ [name]: file }), names);
    assert.deepEqual([String(ca), others], ['a certificate', {}]);
  }
  const both = new URLSearchParams({ ssl_ca_file: file, keyfile: `${file}.key` });
  assert.throws(() => tlsFiles(both, names, "the broker's URL"), {
    name: 'DriverError',
    isCertain: true,
    message: /^keyfile in the broker's URL names a file that cannot be read: ENOENT/,
  });
});

test('a list has each trace once, newest first, and nothing that is no trace', () => {
  const [a, b] = ['a', 'b'].map((digit) => digit + newId().slice(1)) as [string, string];
  const entries = [
    { base_id: b, timestamp: at(20) },
    { base_id: a, timestamp: at(20) },
    { base_id: b, timestamp: at(90) },
    { base_id: b, timestamp: at(50) },
    { base_id: '../..', timestamp: at(1) },
    { base_id: newId(), timestamp: 'yesterday' },
    { base_id: newId(), timestamp: 7 },
    {},
  ];
  const [first, last] = [at(20), at(90)];
  assert.deepEqual(newestFirst(entries), [
    { base_id: a, timestamp: first },
    { base_id: b, timestamp: first },
  ]);
  assert.deepEqual(newestFirst(entries, 'latest'), [
    { base_id: b, timestamp: last },
    { base_id: a, timestamp: first },
  ]);
});
