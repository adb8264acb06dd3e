import type { Context } from '../trace/context.js';
import type { VerifiedTrace } from '../trace/signing.js';
import type { Stamp } from '../trace/stamp.js';
import type { Sender } from '../propagation/recipients.js';

/** What instrumentations need to know of the configuration. */
export interface AgentPort {
  /** The trace that a request's headers ask for; undefined where there is none, or none is to be made. */
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
  /** Whom sockets were connected to; see `watchConnects`. */
  readonly peers: Stamp<string>;
  /** The request that undici is writing right now: over HTTP/2 it passes our hook of that too. */
  readonly writing: { request: InnerRequest | undefined };
  /** The absolute path of the preload, for threads that would start without it. */
  readonly preload: string;
  /** The environment that a child process gets when its caller names none. */
  environment(): Readonly<Record<string, string | undefined>>;
  /**
   * What a process that is started within a context gets into its environment: nothing where it could not
   * use it.
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
   * @param execArgv what the thread is to see as its arguments; what it is started with when not given
   */
  handToThread(context: Context, execArgv: readonly string[] | undefined): HandedThread;
}

/** A request of a library that makes it by another one that is hooked. */
export interface InnerRequest {
  /** Whose it is; undefined where it is in no trace. */
  readonly sender: Sender | undefined;
}

/** A thread that works for a trace, as its starter sees it. */
export interface HandedThread {
  /** The constructor is done: a thread that starts after it is not meant. */
  isStarted(): void;
  /**
   * The thread is there: from now on it is watched who posts to it.
   *
   * @param transferList what was handed to it
   * @returns sees the arguments of each post; undefined where the thread is shared already
   */
  watch(transferList: unknown): ((args: ArrayLike<unknown>) => void) | undefined;
  /** The thread is gone. */
  close(): void;
}
