// A part of `undici.ts`: finds out who asked for a request. One thing is peculiar: undici makes a request later than
// its caller asks for it, so only the request's handler or the stack can tell.
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
  /** The headers that the request was given: a text or a list, depending on the version. */
  readonly headers?: unknown;
}

export interface Asker {
  /** Undefined if the request makes no point. */
  readonly caller: Context | undefined;
  /**
   * The context of a request that passes trace headers on without a point; undefined if its headers are not ours to
   * look at.
   */
  readonly context: Context | undefined;
}

/**
 * Finds out who asked for a request, as far as that can be known. Undici may make it later, in the context of
 * whatever then happens on the connection, often that of another trace: a saturated pool empties its queue, a
 * redirect is followed, a request is retried.
 */
export function askedBy(request: UndiciRequest): Asker {
  const symbol = Object.getOwnPropertySymbols(request).find(({ description }) => description === 'handler');
  const handler = symbol && (request as unknown as Record<symbol, unknown>)[symbol];
  // The handlers of `request`, `stream` and the like remember their callers. Those of `fetch` and of interceptors do
  // not. A `CONNECT` may be for a proxy, and then undici itself asked for it.
  const isRemembered = handler instanceof AsyncResource && request.method !== 'CONNECT';
  if (isRemembered) return handler.runInAsyncScope(whoIsHere, null, request);
  const here = whoIsHere(request);
  const isOurs = here.caller !== undefined;
  // Stacks are expensive. For a request that carries nothing it does not matter who asked.
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

/** The stack below the code that publishes on the channel; empty if the stack cannot be read. */
function frames(): readonly CallSite[] {
  const all = callSites(maxFrames);
  if (all.length === 0) {
    notice("requests of fetch and undici are not traced: who makes them can't be told without stacks");
  }
  return all
    .slice(all.findIndex(({ file }) => file === 'node:diagnostics_channel'))
    .filter(({ file }) => file !== 'node:diagnostics_channel');
}

// Ten interceptors take half of these.
const maxFrames = 80;
// The frames of the channel and of its subscriber.
const maxOwnFrames = 10;
const nodesOwn = 'node:internal/deps/undici/undici';

/**
 * Whether a request is made elsewhere than by its caller, as the stack tells. It is also true if the stack does not
 * tell: in a bundle, undici's code cannot be told from the application's.
 */
function isBelated([publisher, ...below]: readonly CallSite[]): boolean {
  const file = publisher?.file ?? '';
  const [root] = /^.*[\\/](?=lib[\\/]core[\\/]request\.js$)/.exec(file) ?? [];
  const isKnown = root !== undefined || file === nodesOwn;
  let isCalledByApplication = false;
  for (const frame of below) {
    const isUndici = frame.file === nodesOwn || (root !== undefined && frame.file?.startsWith(root) === true);
    if (isUndici) {
      // `fetch` consists of async functions, which always run in their caller's context.
      if (frame.name.endsWith('.httpNetworkFetch')) return false;
      if (belated.test(frame.name)) return true;
    } else if (frame.file !== undefined && !transparent.test(frame.file)) {
      if (!frame.file.startsWith('node:')) isCalledByApplication = true;
      // An event, a timer or a socket called this. It is undici's own, unless it called the application in between.
      else if (!isCalledByApplication || !isKnown) return true;
    } else if (isCalledByApplication && frame.name.endsWith('.runInAsyncScope')) {
      return !isKnown;
    }
  }
  // A stack that does not end in a microtask was cut off.
  const isWhole = isCalledByApplication || below.length < maxFrames - maxOwnFrames;
  return !isKnown || below.length === 0 || !isWhole;
}

// The microtask that calls `onDrain` has no other mark. The others handle an arriving response, after which undici or
// the application asks again.
const belated = /onDrain|^(?:Request)?\.on[A-Z]/;
// Modules of Node that call others in the context of their caller.
const transparent = /^node:(?:async_hooks|dns|internal\/(?:async_|process\/task_queues|bootstrap\/))/;
