import type { ChildProcess } from 'node:child_process';

import type { MethodHook, Settling } from '../src/hooks/call.js';
import { hookMethod } from '../src/hooks/method.js';
import { bindEmitter } from '../src/hooks/emitter.js';
import type { Settings } from '../src/hooks/settings.js';
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
interface End {
  readonly pid?: number | undefined;
  readonly status?: number | null | undefined;
  readonly signal?: string | null | undefined;
  readonly error?: unknown;
}

const library = 'child_process';

/** Loaded with the first command within a trace. */
const environment = (): typeof import('./child-environment.js') =>
  require('./child-environment.js') as typeof import('./child-environment.js');

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
    settles: byExit(settings),
  });

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
    settles(call) {
      if (call.context !== undefined) environment().injectOptions(call.args, settings, call.context);
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
  const { pid, status, signal, error } = (isOutput ? { status: 0 } : result) as End;
  return {
    ...(error !== undefined && failure(error)),
    command: {
      pid,
      ...(typeof status === 'number' && { exit_code: status }),
      ...(typeof signal === 'string' && { signal }),
    },
  };
}

/** The point is over when the process is; a command that can't be started never exits, but it closes. */
const byExit =
  (settings: Settings): Settling =>
  (call) => {
    if (call.context === undefined) return call.invoke();
    const child = call.self as ChildProcess;
    const takeBack = environment().addVariables(call.args[0], settings, call.context);
    let error: unknown;
    bindEmitter(child, call.caller, call.guard, (event, first, second) => {
      if (event === 'error') error ??= first;
      if (event !== 'exit' && event !== 'close') return;
      const exited = event === 'exit' || error === undefined;
      call.succeed({ pid: child.pid, ...(exited && { status: first, signal: second }), error });
    });
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
