import type { ChildProcess } from 'node:child_process';

import type { Call, MethodHook, Settling } from '../src/hooks/call.js';
import { callSites } from '../src/hooks/call-sites.js';
import { cancelled, isGivingUp } from '../src/trace/cancelled.js';
import { hookMethod } from '../src/hooks/method.js';
import { copyWith } from '../src/hooks/copy.js';
import { bindEmitter } from '../src/hooks/emitter.js';
import { createGuard, guarded } from '../src/hooks/guard.js';
import { patch } from '../src/hooks/patch.js';
import type { Settings } from '../src/hooks/settings.js';
import type { Context } from '../src/trace/context.js';
import type { Info } from '../src/trace/event.js';
import { failure } from '../src/trace/info.js';

type Builtin = typeof import('node:child_process');

/** What `ChildProcess.prototype.spawn` is given by every asynchronous call: spawn, exec, execFile, fork. */
interface SpawnOptions {
  readonly file?: unknown;
  readonly args?: unknown;
  readonly shell?: unknown;
  readonly envPairs?: unknown;
}

/** How a command ended. */
interface End {
  readonly pid?: number | undefined;
  readonly status?: number | null | undefined;
  readonly signal?: string | null | undefined;
  readonly error?: unknown;
  /** By the signal that its caller sent. */
  readonly isGivenUp?: boolean;
}

const library = 'child_process';

/** External commands: one `command` point each, whichever of the seven calls starts them. */
export function childProcess(settings: Settings): void {
  const builtin = require('node:child_process') as Builtin;
  const command = (file: unknown, args: readonly unknown[], shell: unknown): Info => ({
    command: {
      ...executable(file, args, shell),
      ...(settings.traceCommandArgs && { args }),
    },
  });

  // The narrow waist of all asynchronous calls; their promisified forms stay untouched.
  hookMethod(builtin.ChildProcess.prototype as ChildProcess & { spawn: unknown }, 'spawn', {
    library,
    what: 'ChildProcess.spawn',
    start(_self, [given]) {
      const { file, args, shell } = (given ?? {}) as SpawnOptions;
      // `args` starts with the name by which the command sees itself.
      const own: readonly unknown[] = Array.isArray(args) ? args.slice(1) : [];
      return [{ point: 'command', info: command(file, own, shell), outlives: true }];
    },
    stop: ended,
    opens: true,
    settles: byExit(settings),
  });
  watchKills(builtin.ChildProcess.prototype);

  // No channel and no shared method sees the synchronous calls.
  const sync: MethodHook = {
    library,
    what: 'a synchronous call',
    start(_self, given) {
      const [file, second] = given;
      const args = Array.isArray(second) ? second : [];
      return [{ point: 'command', info: command(file, args, shellOf(given[optionsAt(given)])) }];
    },
    stop: ended,
    // The message of a failed command has the whole command line in it.
    failed(error) {
      const { status, signal, code } = error as { status?: number; signal?: string; code?: string };
      const message = code ?? (signal ? `ended by ${signal}` : `exit code ${String(status)}`);
      return { ...failure(error), message, ...ended(error) };
    },
    settles(call) {
      injectOptions(call, settings);
      const result = call.invoke();
      call.succeed(result);
      return result;
    },
  };
  hookMethod(builtin, 'spawnSync', sync);
  hookMethod(builtin, 'execFileSync', sync);
  hookMethod(builtin, 'execSync', {
    ...sync,
    start: (_self, [line]) => [{ point: 'command', info: command('/bin/sh', ['-c', line], true) }],
  });
}

/**
 * The executable alone: arguments hold secrets. Of a shell's command line it is the first word, unless
 * that sets a variable or is anything else but a plain name.
 */
function executable(
  file: unknown,
  args: readonly unknown[],
  shell: unknown,
): { file: unknown; shell: boolean } {
  // When `spawn` is called, the option is gone: a shell is known by how it is asked.
  const isAsked = args[0] === '-c' && typeof file === 'string' && /(^|\/)(sh|bash|ash|dash|zsh)$/.test(file);
  if (!isAsked && (shell === undefined || shell === false)) return { file, shell: false };
  const line = isAsked ? args[1] : file;
  const [word] = typeof line === 'string' ? (/^[\w./+-]+(?=\s|$)/.exec(line.trimStart()) ?? []) : [];
  return { file: word ?? '(shell)', shell: true };
}

/** Whether Node will use a shell; a getter of the caller's is not called for it. */
function shellOf(options: unknown): unknown {
  try {
    const property = Object.getOwnPropertyDescriptor(Object(options) as object, 'shell');
    return property !== undefined && ('value' in property ? property.value : true);
  } catch {
    return true; // a Proxy's trap
  }
}

function ended(result: unknown): Info {
  // `execSync` and `execFileSync` give the output alone, and throw where the exit code is not 0.
  const isOutput = typeof result !== 'object' || result === null || Buffer.isBuffer(result);
  const { pid, status, signal, error, isGivenUp } = (isOutput ? { status: 0 } : result) as End;
  const how = isGivenUp === true || isGivingUp(error) ? cancelled : error !== undefined && failure(error);
  return {
    ...how,
    command: {
      pid,
      ...(typeof status === 'number' && { exit_code: status }),
      ...(typeof signal === 'string' && { signal }),
    },
  };
}

/** A child may serve many requests, and what it answers may be for any of them. */
const isMessage = (event: unknown): boolean => event === 'message' || event === 'internalMessage';
/** The children of traced callers, and the last signal that such a one sent. */
const signals = new WeakMap<object, unknown>();

/** Remembers which signals an application sends to its children; Node kills them itself when their time is up. */
function watchKills(prototype: ChildProcess): void {
  const guard = createGuard('child_process ChildProcess.kill');
  patch(
    prototype,
    'kill',
    (original) =>
      function () {
        const args = arguments as unknown as unknown[];
        const isSent = Reflect.apply(original, this, args);
        if (isSent === true && args[0] !== 0 && signals.has(this as object)) {
          guarded(guard, () => isNodes() || signals.set(this as object, args[0] ?? 'SIGTERM'));
        }
        return isSent;
      },
  );
}

/** Whether Node itself calls, for a time limit or a limit of the output. */
function isNodes(): boolean {
  const own = callSites(10);
  const caller = own.find(({ file }) => file !== undefined && file !== own[0]?.file);
  return caller?.file === 'node:child_process';
}

/** Whether a process ended by a signal that was sent to it, or by what it does when it gets such a one. */
function isOf(sent: unknown, endedBy: unknown): boolean {
  if (sent === undefined) return false;
  if (typeof endedBy === 'string') return sent === endedBy || typeof sent === 'number';
  return ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGBREAK', 15, 2, 1, 3].includes(sent as string);
}

/** The point is over when the process is; a command that can't be started never exits, but it closes. */
const byExit =
  (settings: Settings): Settling =>
  (call) => {
    if (call.context === undefined) return call.invoke();
    const child = call.self as ChildProcess;
    const { envPairs } = (call.args[0] ?? {}) as SpawnOptions;
    const takeBack = addVariables(envPairs, settings, call.context);
    let error: unknown;
    signals.set(child, undefined);
    const observe = (event: unknown, first: unknown, second: unknown): void => {
      if (event === 'error') error ??= first;
      if (event !== 'exit' && event !== 'close') return;
      const exited = event === 'exit' || error === undefined;
      const isGivenUp = error === undefined && isOf(signals.get(child), second);
      call.succeed({ pid: child.pid, ...(exited && { status: first, signal: second }), error, isGivenUp });
    };
    bindEmitter(child, call.caller, call.guard, observe, isMessage);
    try {
      return call.invoke();
    } finally {
      takeBack();
    }
  };

/**
 * Puts the context into an environment, for the time of a call: Node makes one from the caller's, but
 * `ChildProcess.prototype.spawn` is given the caller's own by who calls it directly.
 *
 * @returns takes it out again
 */
function addVariables(envPairs: unknown, settings: Settings, context: Context): () => void {
  if (!Array.isArray(envPairs) || !Object.isExtensible(envPairs)) return () => {};
  const pairs = envPairs as unknown[];
  const find = (name: string): number => {
    const start = `${name}=`;
    return pairs.findIndex((pair) => typeof pair === 'string' && pair.startsWith(start));
  };
  const given = (name: string): string | undefined =>
    (pairs[find(name)] as string | undefined)?.slice(name.length + 1);
  const replaced: [at: number, pair: unknown][] = [];
  const added: string[] = [];
  for (const [name, value] of Object.entries(variablesFor(given, settings, context))) {
    const at = find(name);
    if (at >= 0) {
      replaced.push([at, pairs[at]]);
      pairs[at] = `${name}=${value}`;
    } else added.push(`${name}=${value}`);
  }
  const end = pairs.push(...added);
  return () => {
    // Node may have put something behind them.
    pairs.splice(end - added.length, added.length);
    for (const [at, pair] of replaced) pairs[at] = pair;
  };
}

/** Puts the context into the environment of a synchronous call, in options of our own. */
function injectOptions({ args, context }: Call, settings: Settings): void {
  if (context === undefined || args.length === 0) return;
  const at = optionsAt(args);
  const options = args[at] === undefined ? {} : args[at];
  // Not ours to judge: Node throws.
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return;
  args[at] = copyWith(options, {
    get env() {
      // Node copies the options' own properties.
      const isGiven = Object.getOwnPropertyDescriptor(options, 'env')?.enumerable;
      const env = Object(
        (isGiven && (options as { env?: unknown }).env) || settings.environment(),
      ) as NodeJS.ProcessEnv;
      // Asked first: there are environments that throw for what they do not have.
      return copyWith(
        env,
        variablesFor((name) => (name in env ? env[name] : undefined), settings, context),
      );
    },
  });
}

/** Where the options of a synchronous call are, or would be: Node takes them in place of the arguments too. */
function optionsAt(args: readonly unknown[]): 1 | 2 {
  const [, second] = args;
  const isList = Array.isArray(second) || (args.length > 2 && (second ?? undefined) === undefined);
  return isList ? 2 : 1;
}

/** The variables that a child gets: those to which its caller gave a value of its own stay as they are. */
function variablesFor(
  given: (name: string) => string | undefined,
  settings: Settings,
  context: Context,
): Record<string, string> {
  const inherited = settings.environment();
  const isFree = (name: string): boolean => [undefined, inherited[name]].includes(given(name));
  return Object.fromEntries(
    Object.entries(settings.processVariables(context)).filter(([name]) => isFree(name)),
  );
}
