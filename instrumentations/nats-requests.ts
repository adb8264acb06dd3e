// A part of `nats.ts`: when a request is answered. Its promise tells that as well, but only to who looks at it, and then.
import type { Call, End } from '../src/hooks/calls/call.js';
import { returnedPromise } from '../src/hooks/calls/ends.js';
import { observeAfter } from '../src/hooks/calls/method.js';
import { place } from '../src/trace/context.js';
import { createStamp } from '../src/trace/stamp.js';

/** The calls by the contexts in which they run, and by the objects that stand for their requests. */
const byContext = createStamp<Call>();
const byRequest = createStamp<Call>();

/** The request is answered, or its promise tells of another end. */
export const answered: End = (call) => {
  if (call.context !== undefined) byContext.put(call.context, call);
  return returnedPromise(call);
};

type Class<Method extends string> = Record<Method, unknown>;

/** Tells which call a request is of. */
export function watchRequests(prototype: object): void {
  observeAfter(prototype as Class<'request'>, 'request', 'nats requests', (_connection, [request]) => {
    const call = byContext.of(place());
    if (call !== undefined) byRequest.put(request as object, call);
  });
}

/** Tells of the answers to requests. Errors get another form on their way to the caller. */
export function watchAnswers(prototype: object): void {
  observeAfter(prototype as Class<'resolver'>, 'resolver', 'nats answers', (request, [error, answer]) => {
    const call = error === null || error === undefined ? byRequest.of(request) : undefined;
    if (call === undefined || call.isOver) return;
    call.resume();
    call.succeed(answer);
  });
}
