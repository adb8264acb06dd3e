import type { ChildProcess } from 'node:child_process';

import type { End, MethodHook } from '../src/hooks/calls/call.js';
import { callSites } from '../src/hooks/calls/call-sites.js';
import { cancelled, isGivingUp } from '../src/trace/cancelled.js';
import { hookMethod } from '../src/hooks/calls/method.js';
import { bindEmitter } from '../src/hooks/emitter.js';
import { createGuard, guarded } from '../src/hooks/guard.js';
import { patch } from '../src/hooks/patch.js';
import type { AgentPort } from '../src/hooks/port.js';
import type { Info } from '../src/trace/event.js';
import { failure } from '../src/trace/info.js';

type Builtin = typeof import('node:child_process');

/** What `ChildProcess.prototype.spawn` is given by every asynchronous call: spawn, exec, execFile, fork. */
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
  /** By the signal that its caller sent. */
  readonly isGivenUp?: boolean;
}

const library = 'child_process';

/** Loaded with the first command within a trace. */
const environment = (): typeof import('./child-environment.js') =>
  require('./child-environment.js') as typeof import('./child-environment.js');

/** External commands: one `command` point each, whichever of the seven calls starts them. */
export function childProcess(agent: AgentPort): void {
  const builtin = require('node:child_process') as Builtin;
  const command = (file: unknown, args: readonly unknown[], shell: unknown): Info => ({
    command: {
      ...executable(file, args, shell),
      ...(agent.traceCommandArgs && { args }),
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
    ends: [byExit(agent)],
  });
  watchKills(builtin.ChildProcess.prototype);

  // No channel and no shared method sees the synchronous calls.
  const sync: MethodHook = {
    library,
    what: 'a synchronous call',
    start(_self, given) {
      const [file, second] = given;
      const args = Array.isArray(second) ? second : [];
      return [{ point: 'command', info: command(file, args, optionOf(given[optionsAt(given)], 'shell')) }];
    },
    stop: ended,
    // The message of a failed command has the whole command line in it.
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

/** An option, false where it is not given; of a getter of the caller's, which is not called for it, true. */
export function optionOf(options: unknown, name: keyof SpawnOptions): unknown {
  try {
    const property = Object.getOwnPropertyDescriptor(Object(options) as object, name);
    return property !== undefined && ('value' in property ? property.value : true);
  } catch {
    return true; // a Proxy's trap
  }
}

function ended(result: unknown): Info {
  // `execSync` and `execFileSync` give the output alone, and throw where the exit code is not 0.
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

/** Where the options of a synchronous call are, or would be: Node takes them in place of the arguments too. */
export function optionsAt(args: readonly unknown[]): 1 | 2 {
  const [, second] = args;
  const isList = Array.isArray(second) || (args.length > 2 && (second ?? undefined) === undefined);
  return isList ? 2 : 1;
}
