// The contract of remote procedure calls and messages, as data: the methods by which the application calls something or
// sends a message, and those by which it gets to serve calls and to handle messages.
import type { Socket } from 'node:net';

import type { Context } from '../../trace/context.js';
import type { End } from '../calls/call.js';
import type { Guard } from '../guard.js';
import type { TargetFile } from './files.js';

/**
 * What is called, in the words of both points. What a point says of it is encoded once for each object: give the same
 * one each time where you can.
 */
export interface Callee {
  readonly service?: string;
  readonly method?: string;
  /** Where a message goes: a queue, a subject, a topic. */
  readonly destination?: string;
  /** How often a message has been handled, this time included; not said the first time. */
  readonly attempt?: number;
  /** How many messages one call sends, or one function handles, where that may be several. */
  readonly messages?: number;
  /** Points elsewhere that led to this one: those that sent the messages of a batch. */
  readonly links?: readonly Link[];
}

/** A point of another trace, or another point of this one. */
export interface Link {
  readonly base_id: string;
  readonly trace_id: string;
}

/** How a call or the handling of a message ended. */
export interface Outcome {
  readonly end: 'done' | 'failed' | 'cancelled';
  /** The protocol's name of it: `OK`, `INVALID_ARGUMENT`; undefined where the other side said none. */
  readonly status?: string;
  /** The class of a failure; its status when not given. */
  readonly etype?: string;
  readonly message?: string;
  /** The callee itself has answered, so readers may wait for its points. */
  readonly isAnswered?: boolean;
}

/**
 * A method by which the application calls something, sends a message, or asks for one. Functions are given its
 * arguments.
 */
export interface RpcCall {
  /** `server` if the application hands a call that it has received to the method. */
  readonly kind: 'client' | 'producer' | 'consumer' | 'server';
  /** Undefined for a call that is not recorded. */
  callee(args: readonly unknown[], self: object): Callee | undefined;
  /** How a call tells its end: recognisers in order, the first that knows its kind. */
  readonly ends: readonly End[];
  /** How a call ended that gave a result. */
  succeeded?(result: unknown): Outcome;
  /** How a call ended by an error; undefined where the error tells nothing but itself. */
  failed?(error: unknown, context: Context): Outcome | undefined;
  /** The method calls the application on its way: what that calls by the same library are calls of their own. */
  readonly callsOut?: true;
  /** Whether the other side answers this one: then it is a `client`'s, whatever `kind` says. */
  isAnswered?(args: readonly unknown[]): boolean;
  /** Other libraries send what is theirs by it: within a call of any library it is a part of that. */
  readonly isCarrier?: true;
  /** How a message carries the trace on; `within`: by a method below this one, which is an `RpcSending`. */
  readonly carries?: Carrying | 'within';
}

/**
 * A method by which the library itself sends what one of those calls sends, once or several times. For a message that is
 * of no such call it is passed on.
 */
export interface RpcSending {
  readonly sends: Carrying | CarryingEach;
  /** Told of each message that is sent while something is traced, of a call or not. */
  sent?(args: readonly unknown[], self: object): void;
  /**
   * Whether it sends all that the call sends, so that the call is over when the method's promise settles, also where
   * nobody looks at the call's own. Only where the library itself waits for the method's promise.
   */
  isAll?(args: readonly unknown[]): boolean;
}

/** How the messages of one call carry the trace on, each in headers of its own. */
export interface CarryingEach {
  /** The connection over which they are sent. */
  socket(self: object, args: readonly unknown[]): Socket | undefined;
  /**
   * Puts headers into our copy of the arguments; the application's and the library's own objects stay.
   *
   * @param headersOf gives the headers of a message by those that the application has given it; undefined where the
   *   message stays as it is
   */
  injectEach(args: unknown[], headersOf: HeadersOf): void;
}

export type HeadersOf = (given: object | null | undefined) => object | undefined;

/** How a message carries the trace on, where it is known at the call whom it is sent to. */
export interface Carrying {
  /** The connection to the callee or to the broker: its host must be one that may have signed headers. */
  socket(self: object): Socket | undefined;
  /** The headers that the application has given; false for a message that carries none of ours. */
  headers(args: readonly unknown[], self: object): object | null | undefined | false;
  /**
   * Makes a copy of those headers with ours in the place of those that carry a trace. By default it has a property for
   * each.
   */
  merge?(given: object | null | undefined, ours: Readonly<Record<string, string>>, self: object): object;
  /** Puts headers in the place of those, into our copy of the arguments; the application's own objects stay. */
  inject(args: unknown[], headers: object): void;
  /** Which argument is the message's content: a protocol in it may have a place for the trace. */
  readonly content?: number;
}

/** A method by which the application registers a function that serves calls, or handles messages. */
export interface RpcHandler {
  readonly kind: 'server' | 'consumer';
  /** Which of the method's arguments is that function. */
  readonly handler: number;
  /** What it serves, by the arguments that it is registered with. */
  callee(args: readonly unknown[], self: object): Callee;
  /**
   * What holds the received headers in the function's first argument; undefined where no trace is among them. It is
   * asked for each call, also while nothing is traced.
   */
  extract(first: unknown): unknown;
  /** The message's content, of that argument: a protocol in it may have a place for the trace. */
  content?(first: unknown): unknown;
  readonly ends: HandlingEnd;
  /** How a call ended by an error of the function; undefined where the error tells nothing but itself. */
  failed?(error: unknown): Outcome | undefined;
}

/**
 * Watches a call for its end; false where nothing tells of that: the point then ends when the function returns.
 * `promise`: it ends when the promise settles that the function gives. Only where the library itself waits for that.
 */
export type HandlingEnd = 'promise' | ((serving: Serving) => boolean);

/**
 * A method by which the library hands a message over: what the application does with it, it does within the method's
 * call.
 */
export interface RpcDelivery {
  readonly delivers: true;
  /** What is handled; undefined for a call that hands over nothing that is recorded. */
  callee(args: readonly unknown[], self: object): Callee | undefined;
  kindOf(args: readonly unknown[], self: object): HandledKind;
  /**
   * What holds the received headers; undefined where no trace is among them. It is asked for each call, also while
   * nothing is traced, and given the first of its arguments.
   */
  receivedIn(self: object, first: unknown, second: unknown, third: unknown, fourth: unknown): unknown;
  /** As of a function that is registered: `serving.args` are the method's. */
  readonly ends: HandlingEnd;
  failed?(error: unknown): Outcome | undefined;
}

/**
 * A method that gives an asynchronous iterator of messages. A message is handled from when it is taken from the iterator
 * until the next one is asked for.
 */
export interface RpcIteration {
  readonly iterates: true;
  /** What is handled, asked once for each iterator; undefined if it gives no messages. */
  calleeOf(self: object): Callee | undefined;
  kindOf(message: unknown): HandledKind;
  /** What holds the received headers, as with `extract`. */
  receivedIn(message: unknown): unknown;
  /** Watches a message, `serving.args[0]`, for another end; false where it has none. */
  ends(serving: Serving): boolean;
}

/** The side that a message is handled on: a server answers it. */
export type HandledKind = 'server' | 'consumer';

/** How a function was registered: by which object's method, and with which arguments. */
export interface Registered {
  readonly self: object;
  readonly args: readonly unknown[];
}

/** One call that is served, or one message that is handled. */
export interface Serving {
  /** What the function is called with. */
  readonly args: readonly unknown[];
  readonly registered: Registered;
  readonly guard: Guard;
  /** Where the function runs. */
  readonly context: Context;
  /** The call is over; only the first time counts. */
  stop(outcome: Outcome): void;
}

/**
 * A method by which the application registers functions that handle messages, as properties of its first argument. The
 * method also begins to ask for messages, which is part of no request.
 */
export interface RpcRegistration {
  readonly registers: Readonly<Record<string, Registration>>;
}

/** A function that handles messages, whose promise the library waits for, by its own first argument. */
export interface Registration {
  calleeOf(first: unknown): Callee;
  /** As `extract` of `RpcHandler`; of a batch, what holds the headers of each of its messages. */
  extract(first: unknown): unknown;
  readonly isBatch?: true;
}

/** A method that gives an object, or a promise of one, whose own methods are hooked. */
export interface RpcFactory {
  /**
   * The object's methods; or a function that tells which methods are hooked, if their names are the application's or
   * other objects have them.
   */
  readonly gives: RpcMethods | { of(given: unknown, args: readonly unknown[]): readonly Given[] }['of'];
}

/** Methods of an object, by their names. */
export type RpcMethods = Readonly<Record<string, RpcMethod>>;

/** An object that the application gets, and those of its methods that are hooked. */
export type Given = readonly [owner: object, methods: RpcMethods];

/** The forms in which a method is described. */
export type RpcMethod =
  | RpcCall
  | RpcSending
  | RpcHandler
  | RpcDelivery
  | RpcIteration
  | RpcRegistration
  | RpcFactory;

/** A file of a package, and what of the class that it exports makes calls or serves them. */
export type RpcFile = TargetFile<RpcMethod>;

/** The instrumentation of a library for remote procedure calls or messages, as data. */
export interface Rpc {
  /** The package that the user's code names; calls within its calls are parts of them. */
  readonly library: string;
  /** OpenTelemetry's name of the protocol or the broker: `grpc`, `rabbitmq`. */
  readonly system: string;
  readonly files: readonly RpcFile[];
  /** The TracingChannels on which the library publishes its calls, by their names: `graphql:execute`. */
  readonly channels?: Readonly<Record<string, RpcChannel>>;
}

/** The description of the calls of a TracingChannel. */
export interface RpcChannel extends Pick<RpcCall, 'kind' | 'succeeded'> {
  /** What is called, by the message of a call; undefined for one that is not recorded. */
  callee(message: object): Callee | undefined;
}
