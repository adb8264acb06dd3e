// Shared memory by which a thread tells the threads that it has made which trace a task or a message belongs to. It lies
// beside the message, which stays as it is: a thread that waits in `Atomics.wait` gets nothing but that message.
//
// The layout: one word that counts what waits; then slots, each with four words (its state, the thread, the task, the
// length of the text) and the text. There is one writer, the thread that owns the pools. A slot that nobody empties (a
// thread without the agent, a message that could not be posted) is written over when there is no other.
import type { VerifiedTrace } from '../../trace/signing.js';
import { sharing } from './thread-messages.js';

const { Atomics, SharedArrayBuffer } = sharing;

const usualSlots = 256;
const slotBytes = 512;
const slotWords = slotBytes / 4;
const headBytes = 16;
const textBytes = slotBytes - headBytes;
const at = { state: 0, thread: 1, task: 2, length: 3 } as const;
/** What a slot is: one side alone may touch its other words in each of these states. */
const state = { free: 0, full: 1, writing: 2, reading: 3 } as const;
const separator = '\n';

/** Which trace a task belongs to, between the thread that posts it and the one that runs it. */
export interface TaskMailbox {
  readonly memory: SharedArrayBuffer;
  /** To be called before the task is posted. A trace whose key is too long for a slot is not carried on. */
  put(thread: number, task: number, trace: VerifiedTrace): void;
  /** The trace of a task that has arrived; undefined if it is in none. A second call gives undefined. */
  take(thread: number, task: number): VerifiedTrace | undefined;
}

/** @param slots how many traces can lie in it */
export const newMailbox = (slots = usualSlots): TaskMailbox =>
  openMailbox(new SharedArrayBuffer(headBytes + slots * slotBytes));

export function openMailbox(memory: SharedArrayBuffer): TaskMailbox {
  const head = new Int32Array(memory, 0, headBytes / 4);
  const words = new Int32Array(memory, headBytes);
  const bytes = Buffer.from(memory, headBytes);
  const slots = bytes.length / slotBytes;
  let next = 0;

  /** Makes a slot mine. */
  const seize = (slot: number, from: number, to: number): boolean =>
    Atomics.compareExchange(words, slot * slotWords + at.state, from, to) === from;
  const textAt = (slot: number): number => slot * slotBytes + headBytes;

  /** Seizes the next slot, from the last one on, that is in a state. */
  function seizeNext(from: number): number | undefined {
    for (let tries = 0; tries < slots; tries++) {
      const slot = next;
      next = (next + 1) % slots;
      if (seize(slot, from, state.writing)) return slot;
    }
    return undefined;
  }

  function seizeAny(): number | undefined {
    const free = seizeNext(state.free);
    if (free !== undefined) return free;
    const full = seizeNext(state.full);
    if (full !== undefined) Atomics.sub(head, 0, 1);
    return full;
  }

  return {
    memory,

    put(thread, task, { base_id, parent_id, hmac_key }) {
      const text = [base_id, parent_id, hmac_key].join(separator);
      const length = Buffer.byteLength(text);
      const slot = length > textBytes ? undefined : seizeAny();
      if (slot === undefined) return;
      const first = slot * slotWords;
      words[first + at.thread] = thread;
      words[first + at.task] = task;
      words[first + at.length] = length;
      bytes.write(text, textAt(slot));
      // Counted before anybody can take it: a count that is too low would hide what is there.
      Atomics.add(head, 0, 1);
      Atomics.store(words, first + at.state, state.full);
    },

    take(thread, task) {
      if (Atomics.load(head, 0) === 0) return undefined;
      for (let slot = 0; slot < slots; slot++) {
        const first = slot * slotWords;
        const isIts = (): boolean =>
          words[first + at.thread] === thread && words[first + at.task] === (task | 0);
        if (!isIts() || !seize(slot, state.full, state.reading)) continue;
        // It may have been written over meanwhile.
        const isStill = isIts();
        const from = textAt(slot);
        const to = from + words[first + at.length]!;
        const text = isStill ? bytes.toString('utf8', from, to) : '';
        if (isStill) {
          Atomics.sub(head, 0, 1);
          bytes.fill(0, from, to);
        }
        Atomics.store(words, first + at.state, isStill ? state.free : state.full);
        if (isStill) return traceIn(text);
      }
      return undefined;
    },
  };
}

function traceIn(text: string): VerifiedTrace {
  const [base_id = '', parent_id = '', ...key] = text.split(separator);
  return { base_id, parent_id, hmac_key: key.join(separator) };
}
