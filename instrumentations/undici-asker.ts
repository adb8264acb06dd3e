// A part of `undici.ts`: who asked for a request. One thing is peculiar: undici makes a request later than its caller
// asks for it, so that only the request's handler or the stack can tell.
import { AsyncResource } from 'node:async_hooks';

import { type CallSite, callSites } from '../src/hooks/calls/call-sites.js';
import { isSuppressed } from '../src/hooks/targets/other-agents.js';
import { type Context, caller as callerOf, nobody, place } from '../src/trace/context.js';
import { infoName } from '../src/trace/headers.js';
import { notice } from '../src/trace/notice.js';
import { leftOut } from '../src/trace/trace.js';

/** The members of a published request that tell who asked for it. */
interface UndiciRequest {
  readonly method: string;
  /** The headers that the request was given: a text or a list, by version. */
  readonly headers?: unknown;
}

export interface Asker {
  /** Undefined where the request is to be no point. */
  readonly caller: Context | undefined;
  /** Where it is, where it passes trace headers on without a point; undefined where they are not ours to look at. */
  readonly context: Context | undefined;
}

/**
 * Who asked for a request, as far as that can be known. Undici may make it later, in the context of whatever
 * happens on the connection then, often that of another trace: a saturated pool empties its queue, a redirect
 * is followed, a request is retried.
 */
export function askedBy(request: UndiciRequest): Asker {
  const symbol = Object.getOwnPropertySymbols(request).find(({ description }) => description === 'handler');
  const handler = symbol && (request as unknown as Record<symbol, unknown>)[symbol];
  // Those of `request`, `stream` and their like remember their callers, those of `fetch` and of interceptors
  // do not. A `CONNECT` may be a proxy's, asked for by nobody but undici itself.
  const isRemembered = handler instanceof AsyncResource && request.method !== 'CONNECT';
  if (isRemembered) return handler.runInAsyncScope(whoIsHere, null, request);
  const here = whoIsHere(request);
  const isOurs = here.caller !== undefined;
  // Stacks are dear: for what carries nothing it does not matter who asked.
  if (isOurs || passesOn(request)) {
    if (isSuppressed() || !isBelated(frames())) return here;
    if (isOurs) leftOut.unknown++;
    return { caller: undefined, context: nobody() };
  }
  return here;
}

function whoIsHere(request: UndiciRequest): Asker {
  if (isSuppressed()) return { caller: undefined, context: undefined };
  const caller = callerOf();
  return { caller, context: caller ?? (passesOn(request) ? place() : undefined) };
}

/** Whether a request was given trace headers. */
const passesOn = ({ headers }: UndiciRequest): boolean => String(headers).toLowerCase().includes(infoName);

/** Below whoever publishes on the channel; none where the stack can't be read. */
function frames(): readonly CallSite[] {
  const all = callSites(maxFrames);
  if (all.length === 0) {
    notice("requests of fetch and undici are not traced: who makes them can't be told without stacks");
  }
  return all
    .slice(all.findIndex(({ file }) => file === 'node:diagnostics_channel'))
    .filter(({ file }) => file !== 'node:diagnostics_channel');
}

// Ten interceptors are half of it.
const maxFrames = 80;
// Of the channel and of its subscriber.
const maxOwnFrames = 10;
const nodesOwn = 'node:internal/deps/undici/undici';

/**
 * Whether a request is made from anywhere but its caller, told by the stack: true also where that does not
 * tell, as in a bundle, in which undici's code can't be told from the application's.
 */
function isBelated([publisher, ...below]: readonly CallSite[]): boolean {
  const file = publisher?.file ?? '';
  const [root] = /^.*[\\/](?=lib[\\/]core[\\/]request\.js$)/.exec(file) ?? [];
  const isKnown = root !== undefined || file === nodesOwn;
  let isCalledByApplication = false;
  for (const frame of below) {
    const isUndici = frame.file === nodesOwn || (root !== undefined && frame.file?.startsWith(root) === true);
    if (isUndici) {
      // `fetch` is made of async functions, which are always where their caller is.
      if (frame.name.endsWith('.httpNetworkFetch')) return false;
      if (belated.test(frame.name)) return true;
    } else if (frame.file !== undefined && !transparent.test(frame.file)) {
      if (!frame.file.startsWith('node:')) isCalledByApplication = true;
      // An event, a timer, a socket: undici's, unless the application was called by it.
      else if (!isCalledByApplication || !isKnown) return true;
    } else if (isCalledByApplication && frame.name.endsWith('.runInAsyncScope')) {
      return !isKnown;
    }
  }
  // One that does not end in a microtask was cut off.
  const isWhole = isCalledByApplication || below.length < maxFrames - maxOwnFrames;
  return !isKnown || below.length === 0 || !isWhole;
}

// The microtask that calls the first has no other mark; the second is a response that arrives, on which undici
// or the application asks again.
const belated = /onDrain|^(?:Request)?\.on[A-Z]/;
// What calls on, in the context of its caller.
const transparent = /^node:(?:async_hooks|dns|internal\/(?:async_|process\/task_queues|bootstrap\/))/;
