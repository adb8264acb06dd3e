// The shared memory that says which trace a pool's task belongs to.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

import { newMailbox, openMailbox } from '../src/hooks/targets/task-mailbox.js';
import { newId } from '../src/trace/ids.js';

const traceOf = (hmac_key: string): { base_id: string; parent_id: string; hmac_key: string } => ({
  base_id: newId(),
  parent_id: newId(),
  hmac_key,
});

/** Takes tasks of its own thread as fast as they come, and says which key each had. */
function takeAll({
  memory,
  thread,
  count,
}: {
  memory: SharedArrayBuffer;
  thread: number;
  count: number;
}): void {
  const mailbox = openMailbox(memory);
  const deadline = Date.now() + 20_000;
  const wrong: string[] = [];
  let taken = 0;
  for (let task = 0; task < count && Date.now() < deadline;) {
    const trace = mailbox.take(thread, task);
    if (trace === undefined) continue;
    if (trace.hmac_key !== `${thread}\n${task}`) wrong.push(trace.hmac_key);
    taken++;
    task++;
  }
  parentPort!.postMessage({ taken, wrong });
}

if (!isMainThread) {
  takeAll(workerData as Parameters<typeof takeAll>[0]);
} else {
  test('a trace is taken once, and by its own thread and task alone', () => {
    const { memory, put } = newMailbox();
    const { take } = openMailbox(memory);
    const trace = traceOf('key ü\nof two lines');
    assert.equal(take(1, 7), undefined);
    put(1, 7, trace);
    assert.equal(take(2, 7), undefined);
    assert.equal(take(1, 8), undefined);
    assert.deepEqual(take(1, 7), trace);
    assert.equal(take(1, 7), undefined);
    assert.ok(!Buffer.from(memory).includes(trace.base_id), 'nothing is left of it');
  });

  test('a number of a task may be as large as numbers are', () => {
    const { put, take } = newMailbox();
    const trace = traceOf('key');
    put(1, 2 ** 40 + 1, trace);
    assert.deepEqual(take(1, 2 ** 40 + 1), trace);
  });

  test('what nobody takes makes room, the oldest first', () => {
    const { put, take } = newMailbox();
    for (let task = 0; task < 1000; task++) put(1, task, traceOf(`${task}`));
    for (let task = 0; task < 744; task++) assert.equal(take(1, task), undefined);
    for (let task = 744; task < 1000; task++) assert.equal(take(1, task)?.hmac_key, `${task}`);
    assert.equal(take(1, 999), undefined);
  });

  test('a key that is too long is not carried, and harms nothing', () => {
    const { put, take } = newMailbox();
    put(1, 1, traceOf('k'.repeat(1000)));
    assert.equal(take(1, 1), undefined);
  });

  test('several threads take theirs while more are written', async () => {
    const { memory, put } = newMailbox();
    const count = 3000;
    const threads = [1, 2, 3];
    const reports = threads.map(async (thread) => {
      const worker = new Worker(__filename, { workerData: { memory, thread, count } });
      const [said] = (await once(worker, 'message')) as [{ taken: number; wrong: string[] }];
      return said;
    });
    const head = new Int32Array(memory);
    for (let task = 0; task < count; task++) {
      // Never more than there is room for.
      while (Atomics.load(head, 0) > 200) await new Promise((resolve) => setImmediate(resolve));
      for (const thread of threads) put(thread, task, traceOf(`${thread}\n${task}`));
    }
    assert.deepEqual(
      await Promise.all(reports),
      threads.map(() => ({ taken: count, wrong: [] })),
    );
  });
}
