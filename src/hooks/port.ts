// The agent's port: what hooks and instrumentations may ask of the agent.
import type { Context } from '../trace/context.js';
import type { VerifiedTrace } from '../trace/signing.js';
import type { Stamp } from '../trace/stamp.js';
import type { OsloMessages } from '../propagation/oslo.js';
import type { Carried, Given, Sender } from '../propagation/recipients.js';
import type { Recipient } from './targets/message-headers.js';

/** What instrumentations may know of the configuration, and what the agent does for them. */
export interface AgentPort {
  /** The trace that a request's headers ask for; undefined if there is none, or if none may be made. */
  verify(headers: Readonly<Record<string, unknown>>): VerifiedTrace | undefined;
  /** The headers that carry a context to another service. */
  headersFor(context: Context): Readonly<Record<string, string>>;
  readonly traceSql: boolean;
  readonly traceSqlParams: boolean;
  /** Whether statements are recorded without their literals. */
  readonly maskSql: boolean;
  readonly traceCommandArgs: boolean;
  /** Whether a host may receive signed trace headers. */
  carriesTo(host: string): boolean;
  /** What a message carries of a trace: `src/hooks/targets/message-headers.ts`, which is loaded for the first one. */
  messageHeaders(sender: Sender, to: Recipient, given: Given): Carried | undefined;
  /** A trace in the content of messages of oslo.messaging; undefined if neither option asks for it. */
  readonly oslo: OsloMessages | undefined;
  /** The hosts that sockets were connected to, as `hostIn` tells them. */
  readonly peers: Stamp<string>;
  /** The request that undici is writing right now. A request over HTTP/2 also passes our hook of `http2`. */
  readonly writing: {
    request: InnerRequest | undefined;
    /** The request belongs to a remote procedure call, whose point has signed it. It has no point of its own. */
    isRpc: boolean;
  };
  /** HTTP/2 servers whose requests are recorded as remote procedure calls. */
  readonly rpcServers: Stamp<true>;
  /** The absolute path of the preload, for threads that would otherwise start without it. */
  readonly preload: string;
  /** The environment that a child process gets when its caller names none. */
  environment(): Readonly<Record<string, string | undefined>>;
  /**
   * The variables that a process which is started within a context gets in its environment. There are none if it
   * could not use them.
   *
   * @param given the environment that it gets from its caller
   */
  processVariables(
    context: Context,
    given: (name: string) => string | undefined,
  ): Readonly<Record<string, string>>;
  /**
   * Hands a context to the thread that is started next, in the same turn.
   *
   * @param execArgv the arguments that the thread sees; those that it is started with if undefined
   */
  handToThread(context: Context, execArgv: readonly string[] | undefined): HandedThread;
  /** The port of the messages to this thread, for as long as only the trace that has made the thread posts to it. */
  ownPort(): unknown;
  /** Memory for the events of a thread that is started outside of any trace and may work for one later. */
  newRing(): SharedArrayBuffer;
  /**
   * Reads the events that the other thread writes into such memory from now on.
   *
   * @returns to be called when that thread has ended
   */
  readRing(memory: SharedArrayBuffer): () => void;
  /** Writes this thread's events into such memory, unless they go somewhere already. */
  useRing(memory: SharedArrayBuffer): void;
}

/** A request that a library makes by another library that is hooked too. */
export interface InnerRequest {
  /** The sender of the request; undefined if the request is in no trace. */
  readonly sender: Sender | undefined;
}

/** A thread that works for a trace, as the thread that started it sees it. */
export interface HandedThread {
  /** The constructor is done. A thread that starts later does not get the context. */
  isStarted(): void;
  /**
   * The thread exists: posts to it are watched from now on.
   *
   * @param transferList the objects that were transferred to it
   * @returns sees the arguments of each post, and tells whether only that trace has posted so far; undefined if the
   *   thread is shared already
   */
  watch(transferList: unknown): ((args: ArrayLike<unknown>) => boolean) | undefined;
  /** The thread has ended. */
  close(): void;
}
