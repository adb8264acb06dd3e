import type { ChildProcess } from 'node:child_process';

import { type Call, type MethodHook, type Settling, hookMethod } from '../src/hooks/call.js';
import { bindEmitter } from '../src/hooks/emitter.js';
import type { Settings } from '../src/hooks/settings.js';
import type { Info } from '../src/trace/event.js';
import { failure } from '../src/trace/info.js';

type Builtin = typeof import('node:child_process');

/** What `ChildProcess.prototype.spawn` is given by every asynchronous call: spawn, exec, execFile, fork. */
interface SpawnOptions {
  readonly file?: unknown;
  readonly args?: readonly unknown[];
  readonly shell?: unknown;
  readonly envPairs?: string[];
}

/** How a command ended. */
interface End {
  readonly pid?: number | undefined;
  readonly status?: number | null | undefined;
  readonly signal?: string | null | undefined;
  readonly error?: unknown;
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
      const { file, args = [], shell } = (given ?? {}) as SpawnOptions;
      // `args` starts with the name by which the command sees itself.
      return [{ point: 'command', info: command(file, args.slice(1), shell), outlives: true }];
    },
    stop: ended,
    settles: byExit(settings),
  });

  // No channel and no shared method sees the synchronous calls.
  const sync: MethodHook = {
    library,
    what: 'a synchronous call',
    start(_self, [file, second, third]) {
      const args = Array.isArray(second) ? second : [];
      const options = (Array.isArray(second) ? third : (third ?? second)) as { shell?: unknown } | undefined;
      return [{ point: 'command', info: command(file, args, options?.shell) }];
    },
    stop: ended,
    // The message of a failed command has the whole command line in it.
    failed(error) {
      const { status, signal, code } = error as { status?: number; signal?: string; code?: string };
      const message = code ?? (signal ? `ended by ${signal}` : `exit code ${String(status)}`);
      return { ...failure(error), message, ...ended(error) };
    },
    settles: (call, invoke) => {
      injectOptions(call, settings);
      const result = invoke();
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
  const isAsked = args[0] === '-c' && /(^|\/)(sh|bash|ash|dash|zsh)$/.test(String(file));
  if (!isAsked && (shell === undefined || shell === false)) return { file, shell: false };
  const line = isAsked ? args[1] : file;
  const [word] = /^[\w./+-]+(?=\s|$)/.exec(String(line).trimStart()) ?? [];
  return { file: word ?? '(shell)', shell: true };
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
  (call, invoke) => {
    if (call.context === undefined) return invoke();
    const child = call.self as ChildProcess;
    const [options] = call.args as [SpawnOptions | undefined];
    if (Array.isArray(options?.envPairs)) {
      for (const [name, value] of Object.entries(settings.processVariables(call.context))) {
        if (!options.envPairs.some((pair) => pair.startsWith(`${name}=`)))
          options.envPairs.push(`${name}=${value}`);
      }
    }
    let error: unknown;
    bindEmitter(child, call.caller, call.guard, (event, first, second) => {
      if (event === 'error') error ??= first;
      if (event !== 'exit' && event !== 'close') return;
      const exited = event === 'exit' || error === undefined;
      call.succeed({ pid: child.pid, ...(exited && { status: first, signal: second }), error });
    });
    return invoke();
  };

/** Puts the context into the environment of a synchronous call, in options of our own. */
function injectOptions(call: Call, settings: Settings): void {
  if (call.context === undefined) return;
  const last = call.args.length - 1;
  const given = last > 0 ? call.args[last] : undefined;
  const hasOptions = typeof given === 'object' && given !== null && !Array.isArray(given);
  if (given !== undefined && given !== null && !hasOptions && !Array.isArray(given)) return;
  const options = (hasOptions ? given : {}) as { env?: NodeJS.ProcessEnv };
  const env = { ...settings.processVariables(call.context), ...(options.env ?? settings.environment()) };
  const own = { ...options, env };
  if (hasOptions || given === null || (given === undefined && last > 0)) call.args[last] = own;
  else call.args.push(own);
}
