// The state of the view in the address: what stands behind `#` names it, so that a link shows the same again.
import { type ReadonlySignal, signal } from '@preact/signals';
import { takeToken } from './token.js';

// The token goes first, so that nothing that is kept in the address carries it.
function readAddress(): URLSearchParams {
  takeToken();
  knownHash = location.hash;
  return new URLSearchParams(knownHash.slice(1));
}

/** `location.hash` as it was last read or written. */
let knownHash: string;
const current = signal(readAddress());
const moveCount = signal(0);

// Browsers refuse to be told of more than some dozen addresses in a second.
const writeDelayMs = 200;
/** The timer that writes the state of the page. This state must not come over the address of another page. */
let pending: ReturnType<typeof setTimeout> | undefined;

/** What stands behind `#`: `trace=ID&view=table`. */
export const address: ReadonlySignal<URLSearchParams> = current;

/** Counts the moves to other addresses. What the page itself writes into the address does not count. */
export const moves: ReadonlySignal<number> = moveCount;

addEventListener('hashchange', () => {
  stopWaiting();
  current.value = readAddress();
  moveCount.value++;
});

/** Whether somebody has moved on: `location.hash` changes first, and `hashchange` comes later. */
export const isLeaving = (): boolean => location.hash !== knownHash;

/** Goes to another page: a step that the browser's back button takes back. */
export function goTo(params: Readonly<Record<string, string>>): void {
  writePending();
  location.hash = new URLSearchParams(params).toString();
}

/** Writes parts of the state into the address a moment later; undefined and '' take a part out. */
export function keep(changes: Readonly<Record<string, string | undefined>>): void {
  const params = new URLSearchParams(current.peek());
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === '') params.delete(name);
    else params.set(name, value);
  }
  current.value = params;
  clearTimeout(pending);
  pending = setTimeout(writePending, writeDelayMs);
}

/** A link to what the page shows now; a change that waits to be written is in it. */
export function linkHere(): string {
  writePending();
  return location.href;
}

function writePending(): void {
  if (pending === undefined) return;
  stopWaiting();
  if (isLeaving()) return;
  history.replaceState(null, '', `#${current.peek().toString()}`);
  knownHash = location.hash;
}

function stopWaiting(): void {
  clearTimeout(pending);
  pending = undefined;
}
