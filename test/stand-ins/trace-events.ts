// A stand-in for a viewer of Trace Event JSON. It checks each event against the format's description, and then does
// what Perfetto's importer does: it sorts the events by time, keeps a stack of open slices for each thread, and binds
// each arrow to the slice that is open on its thread at that moment.
import assert from 'node:assert/strict';

interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly id?: number;
  readonly cat?: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** A slice as a viewer shows it. */
export interface Slice {
  readonly name: string;
  readonly process: string;
  readonly thread: string;
  readonly from: number;
  /** Infinity for a slice that stays open. */
  readonly to: number;
  readonly args: Readonly<Record<string, unknown>>;
  /** The slice that it lies in. */
  readonly within: Slice | undefined;
}

/** What a viewer shows of a file. */
export interface Shown {
  readonly slices: readonly Slice[];
  readonly arrows: readonly (readonly [from: Slice, to: Slice])[];
  readonly other: Readonly<Record<string, unknown>>;
}

// The members of each kind of event beside `ph`, `name`, `pid` and `tid`; all are required.
const members: Readonly<Record<string, readonly string[]>> = {
  M: ['args'],
  X: ['args', 'cat', 'dur', 'ts'],
  B: ['args', 'cat', 'ts'],
  i: ['args', 'cat', 's', 'ts'],
  s: ['cat', 'id', 'ts'],
  f: ['bp', 'cat', 'id', 'ts'],
};
const metadata: Readonly<Record<string, string>> = {
  process_name: 'name',
  thread_name: 'name',
  process_sort_index: 'sort_index',
  thread_sort_index: 'sort_index',
};

function check(event: TraceEvent): void {
  const { ph, name, pid, tid, ts = 0, dur = 0, args, cat } = event;
  assert.ok(Object.hasOwn(members, ph), `phase ${ph}`);
  assert.deepEqual(Object.keys(event).toSorted(), [...members[ph]!, 'name', 'ph', 'pid', 'tid'].toSorted());
  assert.ok(typeof name === 'string' && name !== '');
  for (const number of [pid, tid]) assert.ok(Number.isInteger(number) && number > 0 && number < 2 ** 32);
  for (const number of [ts, dur]) assert.ok(Number.isSafeInteger(number) && number >= 0, `${number}`);
  if (ph === 'M') assert.deepEqual(Object.keys(args!), [metadata[name]]);
  else assert.ok(typeof cat === 'string' && cat !== '' && !cat.includes(','));
  if (args !== undefined) assert.equal(Object.prototype.toString.call(args), '[object Object]');
}

/** Reads a file as a viewer does. */
export function showTraceEvents(json: string): Shown {
  assert.match(json, /^\{"traceEvents":/);
  const { traceEvents, otherData, ...rest } = JSON.parse(json) as {
    traceEvents: TraceEvent[];
    otherData: Shown['other'];
  };
  assert.deepEqual(rest, {});
  for (const event of traceEvents) check(event);
  const processes = new Map<number, string>();
  const threads = new Map<number, { pid: number; name: string; open: Slice[] }>();
  for (const { name, pid, tid, args } of traceEvents.filter(({ ph }) => ph === 'M')) {
    if (name === 'process_name') {
      assert.ok(!processes.has(pid), 'a process has one name');
      processes.set(pid, String(args!['name']));
    }
    if (name === 'thread_name') {
      assert.ok(!threads.has(tid), 'a thread has one name and one process');
      threads.set(tid, { pid, name: String(args!['name']), open: [] });
    }
  }
  const timed = traceEvents.filter(({ ph }) => ph !== 'M').toSorted((a, b) => a.ts! - b.ts!);
  const slices: Slice[] = [];
  const begun = new Map<number, Slice>();
  const arrows: (readonly [Slice, Slice])[] = [];
  for (const { ph, name, pid, tid, ts = 0, dur, id, args = {} } of timed) {
    const thread = threads.get(tid);
    assert.equal(thread?.pid, pid, 'a thread stays in its process');
    const { open } = thread;
    if (ph === 's' || ph === 'f') {
      const bound = open.at(-1);
      assert.ok(bound !== undefined, 'an arrow is bound to a slice');
      if (ph === 's') {
        assert.ok(!begun.has(id!));
        begun.set(id!, bound);
      } else {
        const from = begun.get(id!);
        assert.ok(from !== undefined, 'an arrow has a beginning');
        arrows.push([from, bound]);
      }
      continue;
    }
    const to = ph === 'X' ? ts + dur! : ph === 'B' ? Infinity : ts;
    while (open.length > 0 && open.at(-1)!.to <= ts && !isMomentWithin(open.at(-1)!, ts, to, args))
      open.pop();
    const within = open.at(-1);
    assert.ok(within === undefined || to <= within.to, `${name} overlaps with ${within?.name}`);
    const slice: Slice = {
      name,
      process: processes.get(pid)!,
      thread: thread.name,
      from: ts,
      to,
      args,
      within,
    };
    slices.push(slice);
    open.push(slice);
  }
  assert.equal(arrows.length, begun.size, 'an arrow has an end');
  return { slices, arrows, other: otherData };
}

/** A moment at the end of the slice that called it: a viewer draws it in or after that one, which is both right. */
function isMomentWithin(top: Slice, from: number, to: number, args: Slice['args']): boolean {
  return from === to && top.to === from && args['parent_id'] === top.args['trace_id'];
}
