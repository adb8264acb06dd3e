// Records external commands as `command` points, synchronous and asynchronous ones.
import type { ChildProcess } from 'node:child_process';

import type { End, MethodHook } from '../src/hooks/calls/call.js';
import { cancelled, isGivingUp } from '../src/trace/cancelled.js';
import { hookMethod } from '../src/hooks/calls/method.js';
import { bindEmitter } from '../src/hooks/emitter.js';
import { createGuard, guarded } from '../src/hooks/guard.js';
import { patch } from '../src/hooks/patch.js';
import type { AgentPort } from '../src/hooks/port.js';
import type { Info } from '../src/trace/event.js';
import { failure } from '../src/trace/info.js';

type Builtin = typeof import('node:child_process');

/** The options that every asynchronous call (spawn, exec, execFile, fork) gives `ChildProcess.prototype.spawn`. */
export interface SpawnOptions {
  readonly file?: unknown;
  readonly args?: unknown;
  readonly shell?: unknown;
  readonly envPairs?: unknown;
  readonly uid?: unknown;
  readonly gid?: unknown;
}

/** How a command ended. */
interface Ended {
  readonly pid?: number | undefined;
  readonly status?: number | null | undefined;
  readonly signal?: string | null | undefined;
  readonly error?: unknown;
  /** Whether the signal that its caller sent ended it. */
  readonly isGivenUp?: boolean;
}

const library = 'child_process';

/** It is loaded with the first command within a trace. */
const environment = (): typeof import('./child-environment.js') =>
  require('./child-environment.js') as typeof import('./child-environment.js');

/** Records each external command as one `command` point, whichever of the seven calls starts it. */
export function childProcess(agent: AgentPort): void {
  const builtin = require('node:child_process') as Builtin;
  const command = (file: unknown, args: readonly unknown[], shell: unknown): Info => ({
    command: {
      ...executable(file, args, shell),
      ...(agent.traceCommandArgs && { args }),
    },
  });

  // All asynchronous calls pass through this method. Their promisified forms stay untouched.
  hookMethod(builtin.ChildProcess.prototype as ChildProcess & { spawn: unknown }, 'spawn', {
    library,
    what: 'ChildProcess.spawn',
    start(_self, [given]) {
      const { file, args, shell } = (given ?? {}) as SpawnOptions;
      // The first element of `args` is the name by which the command sees itself.
      const own: readonly unknown[] = Array.isArray(args) ? args.slice(1) : [];
      return [{ point: 'command', info: command(file, own, shell), outlives: true }];
    },
    stop: ended,
    opens: true,
    ends: [byExit(agent)],
  });
  watchKills(builtin.ChildProcess.prototype);

  // The synchronous calls share neither a channel nor a method.
  const sync: MethodHook = {
    library,
    what: 'a synchronous call',
    start(_self, given) {
      const [file, second] = given;
      const args = Array.isArray(second) ? second : [];
      return [{ point: 'command', info: command(file, args, optionOf(given[optionsAt(given)], 'shell')) }];
    },
    stop: ended,
    // The message of a failed command contains the whole command line.
    failed(error) {
      const { status, signal, code } = error as { status?: number; signal?: string; code?: string };
      const message = code ?? (signal ? `ended by ${signal}` : `exit code ${String(status)}`);
      return { ...failure(error), message, ...ended(error) };
    },
    ends: [
      (call) => {
        if (call.context !== undefined) environment().injectOptions(call.args, agent, call.context);
        const result = call.invoke();
        call.succeed(result);
        return result;
      },
    ],
  };
  hookMethod(builtin, 'spawnSync', sync);
  hookMethod(builtin, 'execFileSync', sync);
  hookMethod(builtin, 'execSync', {
    ...sync,
    start: (_self, [line]) => [{ point: 'command', info: command('/bin/sh', ['-c', line], true) }],
  });
}

/**
 * The executable only, because arguments contain secrets. A shell's command line is recorded by its first word,
 * unless that sets a variable or is not a plain name.
 */
function executable(
  file: unknown,
  args: readonly unknown[],
  shell: unknown,
): { file: unknown; shell: boolean } {
  // The option is gone when `spawn` is called: a shell is recognised by its arguments.
  const isAsked = args[0] === '-c' && typeof file === 'string' && /(^|\/)(sh|bash|ash|dash|zsh)$/.test(file);
  if (!isAsked && (shell === undefined || shell === false)) return { file, shell: false };
  const line = isAsked ? args[1] : file;
  const [word] = typeof line === 'string' ? (/^[\w./+-]+(?=\s|$)/.exec(line.trimStart()) ?? []) : [];
  return { file: word ?? '(shell)', shell: true };
}

/**
 * An option; false if it is not given. If the caller made it a getter, it counts as true, and the getter is not
 * called.
 */
export function optionOf(options: unknown, name: keyof SpawnOptions): unknown {
  try {
    const property = Object.getOwnPropertyDescriptor(Object(options) as object, name);
    return property !== undefined && ('value' in property ? property.value : true);
  } catch {
    return true; // a Proxy's trap
  }
}

function ended(result: unknown): Info {
  // `execSync` and `execFileSync` give only the output, and throw if the exit code is not 0.
  const isOutput = typeof result !== 'object' || result === null || Buffer.isBuffer(result);
  const { pid, status, signal, error, isGivenUp } = (isOutput ? { status: 0 } : result) as Ended;
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

/** A message from a child may be for any request, because a child may serve many. */
const isMessage = (event: unknown): boolean => event === 'message' || event === 'internalMessage';
/** The children of traced callers, and the last signal that the application sent to each. */
const signals = new WeakMap<object, unknown>();

/**
 * Remembers which signals an application sends to its children. Node also kills children by itself, when their time
 * is up; those signals do not count.
 */
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

/** Whether Node itself is the caller, because of a time limit or a limit of the output. */
function isNodes(): boolean {
  const { callSites } =
    require('../src/hooks/calls/call-sites.js') as typeof import('../src/hooks/calls/call-sites.js');
  const own = callSites(10);
  // The two are in one file, or in one each.
  const ours = [own[0]?.file, __filename];
  const caller = own.find(({ file }) => file !== undefined && !ours.includes(file));
  return caller?.file === 'node:child_process';
}

/** Whether a process ended by a signal that was sent to it, or by its own handling of that signal. */
function isOf(sent: unknown, endedBy: unknown): boolean {
  if (sent === undefined) return false;
  if (typeof endedBy === 'string') return sent === endedBy || typeof sent === 'number';
  return ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGBREAK', 15, 2, 1, 3].includes(sent as string);
}

/** The point stops when the process ends. A command that cannot be started never exits, but it closes. */
const byExit =
  (agent: AgentPort): End =>
  (call) => {
    if (call.context === undefined) return call.invoke();
    const child = call.self as ChildProcess;
    const takeBack = environment().addVariables(call.args[0], agent, call.context);
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

/** The position of the options of a synchronous call. Node also accepts them in the place of the arguments. */
export function optionsAt(args: readonly unknown[]): 1 | 2 {
  const [, second] = args;
  const isList = Array.isArray(second) || (args.length > 2 && (second ?? undefined) === undefined);
  return isList ? 2 : 1;
}
