// What a message's handler has begun and not awaited: it is recorded until nothing has happened in the trace for a while.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { endHandling } from '../src/hooks/targets/rpc-callee.js';
import { isRecorded, rootContext } from '../src/trace/context.js';
import { newId } from '../src/trace/ids.js';
import { startPoint, stopPoint } from '../src/trace/point.js';
import { beginTrace, lifecycle, release, setLinger } from '../src/trace/trace.js';

// Nothing but what keeps a trace open does so.
setLinger(0);

/** Until so many of the ticks have passed by which quiet is counted: four are enough. */
function ticks(count: number): Promise<void> {
  return new Promise((resolve) => {
    // The clock of the ticks keeps no process alive.
    const alive = setInterval(() => {}, 1000);
    lifecycle.onTick.push(() => {
      if (--count !== 0) return;
      clearInterval(alive);
      resolve();
    });
  });
}

const info = { rpc: { kind: 'consumer', system: 'test' } } as const;

test('a trace stays open for late work until it is quiet', async () => {
  const trace = beginTrace(newId(), 'test-key');
  const handled = startPoint('rpc', rootContext(trace, trace.base_id), info);
  endHandling(handled);
  release(trace);
  const { context } = handled;
  assert.ok(isRecorded(context), 'its handler has returned');
  // An awaited call goes on for longer than it takes to be quiet.
  const late = startPoint('rpc', context, info);
  await ticks(5);
  assert.ok(isRecorded(context), 'one of its points is open');
  stopPoint(late);
  await ticks(3);
  assert.ok(isRecorded(context), 'not for so long');
  await ticks(2);
  assert.ok(!isRecorded(context));
});

test('a trace that is ended before its time is not kept', async () => {
  const trace = beginTrace(newId(), 'test-key');
  const handled = startPoint('rpc', rootContext(trace, trace.base_id), info);
  endHandling(handled);
  release(trace);
  trace.isOver = true;
  assert.ok(!isRecorded(handled.context));
});
