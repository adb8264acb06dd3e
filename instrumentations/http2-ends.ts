// A part of `http2-client.ts`: how a request ends. One thing is peculiar: a stream's events do not tell which side has
// closed the stream.
import type { ClientHttp2Stream } from 'node:http2';

import { bindEmitter } from '../src/hooks/emitter.js';
import { type Guard, guarded } from '../src/hooks/guard.js';
import { ownerOf, patch } from '../src/hooks/patch.js';
import { statusOf } from '../src/hooks/targets/http.js';
import type { OutgoingRequest } from '../src/hooks/targets/outgoing.js';
import type { Context } from '../src/trace/context.js';
import { tracing } from '../src/trace/trace.js';
import type { Headers } from './http2-headers.js';

/** Watches the stream of a request until its end. */
export function watch(
  stream: ClientHttp2Stream,
  outgoing: OutgoingRequest,
  caller: Context,
  guard: Guard,
): void {
  let status: number | undefined;
  let isWhole = false;
  watchClosing(stream, guard);
  bindEmitter(stream, caller, guard, (event, value) => {
    if (event === 'response') {
      status = statusOf(value as Headers);
      if (status !== undefined) outgoing.answered(status);
      isWhole = stream.endAfterHeaders;
    } else if (event === 'trailers') isWhole = true;
    else if (event === 'error') outgoing.failed(value);
    else if (event === 'end' || event === 'close') {
      if (!isWhole && isGivenUp(stream, event)) outgoing.cancelled();
      else if (stream.rstCode !== 0 || status === undefined) outgoing.brokenOff();
      outgoing.stop();
    }
  });
}

/** Streams that the application closed while more of the answer could come. */
const closedHere = new WeakSet<object>();
let isClosingWatched = false;

/** Has the class of all streams tell which are closed by the application: their events don't tell who did it. */
function watchClosing(stream: ClientHttp2Stream, guard: Guard): void {
  if (isClosingWatched) return;
  isClosingWatched = true;
  patch(
    ownerOf(stream, 'close'),
    'close',
    (original) =>
      ({
        close(this: unknown) {
          const args = arguments as unknown as unknown[];
          if (tracing.live > 0) guarded(guard, () => noteClosing(this as ClientHttp2Stream, args[0]));
          return Reflect.apply(original, this, args);
        },
      }).close,
  );
}

const harmless: ReadonlySet<unknown> = new Set([undefined, 0, 8]); // NO_ERROR, CANCEL

function noteClosing(stream: ClientHttp2Stream, code: unknown): void {
  if (!harmless.has(code) || stream.closed || stream.destroyed) return;
  // Node closes the streams of a connection that is gone.
  if (stream.session?.socket.destroyed === false) closedHere.add(stream);
}

/** Whether the application gave a stream up: by closing it, or by destroying it or its session. */
function isGivenUp(stream: ClientHttp2Stream, event: 'end' | 'close'): boolean {
  const isDestroyed = stream.destroyed || event === 'close';
  return closedHere.has(stream) || (isDestroyed && stream.rstCode === 0);
}
