// A part of `grpc.ts`: a call on its way through the client. Three things are peculiar: the call is sent later, from
// events of a connection that all calls share, and only then is it known who can read its metadata; the application's
// interceptors may start it again from an answer; and they and the application keep objects that must stay as they are.
// So the call is known by the options of a copy of its metadata, which the library's own copies have too.
import { bindCallback } from '../src/hooks/calls/callback.js';
import { type Call, type Callback, type End } from '../src/hooks/calls/call.js';
import { takesCallback } from '../src/hooks/calls/ends.js';
import { bindEmitter } from '../src/hooks/emitter.js';
import { type Guard, createGuard, guarded } from '../src/hooks/guard.js';
import { patch } from '../src/hooks/patch.js';
import type { AgentPort } from '../src/hooks/port.js';
import type { Sender } from '../src/propagation/recipients.js';
import type { Context } from '../src/trace/context.js';
import { traceHeaderNames } from '../src/trace/headers.js';
import { createStamp } from '../src/trace/stamp.js';
import { tracing } from '../src/trace/trace.js';

/** What is used of the library's metadata; its options are handed on from each copy to the next. */
interface Metadata {
  clone(): Metadata;
  get(name: string): readonly unknown[];
  set(name: string, value: string): void;
  remove(name: string): void;
  getOptions(): object;
  setOptions(options: object): void;
}

/** A call that the application has made while something was live. */
interface Made {
  readonly guard: Guard;
  /** Undefined where the call is known to be in no trace. */
  readonly sender: Sender | undefined;
  /** Where interceptors run. */
  readonly place: Context | undefined;
  isGivenUp: boolean;
}

/** The call whose method, or whose interceptors, are running. */
let making: Made | undefined;

/** What is known of the channel's calls, of the options of their metadata, and of points. */
const ofChannel = createStamp<Made>();
const ofOptions = createStamp<Made>();
const ofPoint = createStamp<Made>();

/** Whether the application gave up the call that a point stands for. */
export const isGivenUp = (context: Context): boolean => ofPoint.of(context)?.isGivenUp === true;

/** The call's end is told to its callback, which is its last argument. */
export const callback: End = (call) => {
  takesCallback(call);
  return bound(call, make(call));
};

/** The call's end is told by the stream that it gives: by its `error`, which may be thrown, or else its `status`. */
export const stream: End = (call) =>
  bound(call, make(call), (event, value) => {
    if (event !== 'error' && event !== 'status') return;
    const { code } = Object(value) as { code?: unknown };
    if (code === 0) call.succeed(undefined);
    // The application may emit errors of its own: those are no end of the call.
    else if (typeof code === 'number') call.fail(value);
  });

function make(call: Call): unknown {
  const { caller, context, guard, within } = call;
  const made: Made = { guard, sender: senderOf(context, caller), place: within, isGivenUp: false };
  if (context !== undefined) ofPoint.put(context, made);
  const outer = making;
  making = made;
  try {
    return call.invoke();
  } finally {
    making = outer;
  }
}

function senderOf(context: Context | undefined, caller: Context | undefined): Sender | undefined {
  if (context !== undefined) return { context, isPoint: true };
  return caller && { context: caller, isPoint: false };
}

function bound(call: Call, emitter: unknown, observe?: (event: unknown, value: unknown) => void): unknown {
  bindEmitter(emitter as never, call.caller, call.guard, observe);
  return emitter;
}

type Class<Methods extends string> = Record<Methods, Callback>;

/** Tells which of a channel's calls is made by which call of the application's. */
export function watchChannel(prototype: object): void {
  patch(
    prototype as Class<'createCall'>,
    'createCall',
    (original) =>
      function () {
        const call: unknown = Reflect.apply(original, this, arguments as unknown as unknown[]);
        if (making !== undefined) ofChannel.put(call as object, making);
        return call;
      },
  );
}

/** Follows a channel's calls: they start once the application's interceptors are through. */
export function watchCall(prototype: object): void {
  const methods = prototype as Class<'start' | 'cancelWithStatus'>;
  patch(
    methods,
    'start',
    (original) =>
      function () {
        const args = arguments as unknown as [Metadata, Listener];
        const made = tracing.live === 0 ? undefined : ofChannel.of(this);
        const given = made && guarded(made.guard, () => [marked(args[0], made), inPlace(args[1], made)]);
        return Reflect.apply(original, this, given ?? args);
      },
  );
  patch(
    methods,
    'cancelWithStatus',
    (original) =>
      function () {
        const args = arguments as unknown as unknown[];
        const made = args[0] === cancelledCode ? ofChannel.of(this) : undefined;
        if (made !== undefined) made.isGivenUp = true;
        return Reflect.apply(original, this, args);
      },
  );
}

const cancelledCode = 1;

function marked(metadata: Metadata, made: Made): Metadata {
  const copy = metadata.clone();
  const options = { ...metadata.getOptions() };
  ofOptions.put(options, made);
  copy.setOptions(options);
  return copy;
}

/** The functions that are told of a call's answer: those of interceptors, and the library's own below them. */
type Listener = Readonly<Record<'onReceiveMetadata' | 'onReceiveMessage' | 'onReceiveStatus', Callback>>;

/** Has the answer told where the call was made, not where the connection was opened. */
function inPlace(listener: Listener, made: Made): Listener {
  const bind = (tell: Callback): Callback =>
    bindCallback(function () {
      const outer = making;
      making = made;
      try {
        return Reflect.apply(tell, this, arguments as unknown as unknown[]);
      } finally {
        making = outer;
      }
    }, made.place);
  return {
    onReceiveMetadata: bind(listener.onReceiveMetadata),
    onReceiveMessage: bind(listener.onReceiveMessage),
    onReceiveStatus: bind(listener.onReceiveStatus),
  };
}

/** What sends a call on an open connection; from 1.8 on its session is that of a transport. */
interface Connection {
  readonly session?: object;
  readonly transport?: { readonly session?: object };
}

/** A call, as it was given to what sends it before 1.8. */
interface CallStream {
  getHost(): unknown;
}

/** Writes trace headers where a call is sent, and has its request over HTTP/2 be no point of its own. */
export function watchConnection(prototype: object, _load: unknown, agent: AgentPort): void {
  const guard = createGuard('@grpc/grpc-js Subchannel');
  const methods = prototype as Class<'createCall' | 'startCallStream'>;
  const send = (original: Callback): Callback =>
    function () {
      const args = arguments as unknown as [Metadata, ...unknown[]];
      const made = tracing.live === 0 ? undefined : guarded(guard, () => ofOptions.of(args[0].getOptions()));
      if (made === undefined) return Reflect.apply(original, this, args);
      const { sender } = made;
      const given: unknown[] = Array.from(args);
      if (sender !== undefined)
        guarded(guard, () => (given[0] = carrying(agent, sender, this as Connection, args)));
      agent.writing.isRpc = true;
      try {
        return Reflect.apply(original, this, given);
      } finally {
        agent.writing.isRpc = false;
      }
    };
  patch(methods, 'createCall', send);
  patch(methods, 'startCallStream', send);
}

/** The metadata of a call with the trace headers that whoever can read them may have. */
function carrying(
  agent: AgentPort,
  sender: Sender,
  { session, transport }: Connection,
  [metadata, second]: readonly [Metadata, ...unknown[]],
): Metadata {
  const authority = typeof second === 'string' ? second : (second as CallStream).getHost();
  const to = { session: transport?.session ?? session, authority };
  const headers = agent.messageHeaders(sender, to, (name) => metadata.get(name));
  if (headers === undefined) return metadata;
  const copy = metadata.clone();
  for (const name of traceHeaderNames) copy.remove(name);
  for (const [name, value] of Object.entries(headers)) copy.set(name, value);
  return copy;
}
