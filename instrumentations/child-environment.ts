// Puts the context of a trace into the environment of a child process, unless the child runs as another user. It is
// loaded with the first command within a trace.
import { viewWith } from '../src/hooks/view.js';
import type { AgentPort } from '../src/hooks/port.js';
import type { Context } from '../src/trace/context.js';
import { type SpawnOptions, optionOf, optionsAt } from './child-process.js';

/**
 * Puts the context into an environment for the time of a call. Node usually makes a new environment of the caller's,
 * but code that calls `ChildProcess.prototype.spawn` directly passes its own.
 *
 * @param given the options of `ChildProcess.prototype.spawn`
 * @returns removes the context again
 */
export function addVariables(given: unknown, agent: AgentPort, context: Context): () => void {
  const { envPairs, file, args } = (given ?? {}) as SpawnOptions;
  if (!Array.isArray(envPairs) || !Object.isExtensible(envPairs)) return () => {};
  // The first element of `args` is the name by which the command sees itself.
  if (isForOther(given, file, Array.isArray(args) ? args.slice(1) : [])) return () => {};
  const pairs = envPairs as unknown[];
  const find = (name: string): number => {
    const start = `${name}=`;
    return pairs.findIndex((pair) => typeof pair === 'string' && pair.startsWith(start));
  };
  const valueOf = (name: string): string | undefined =>
    (pairs[find(name)] as string | undefined)?.slice(name.length + 1);
  const replaced: [at: number, pair: unknown][] = [];
  const added: string[] = [];
  for (const [name, value] of Object.entries(variablesFor(valueOf, agent, context))) {
    const at = find(name);
    if (at >= 0) {
      replaced.push([at, pairs[at]]);
      pairs[at] = `${name}=${value}`;
    } else added.push(`${name}=${value}`);
  }
  const end = pairs.push(...added);
  return () => {
    // Node may have added something behind them.
    pairs.splice(end - added.length, added.length);
    for (const [at, pair] of replaced) pairs[at] = pair;
  };
}

/** Puts the context into the environment of a synchronous call, by options of our own. */
export function injectOptions(args: unknown[], agent: AgentPort, context: Context): void {
  if (args.length === 0) return;
  const at = optionsAt(args);
  const options = args[at] === undefined ? {} : args[at];
  // Node throws for these itself.
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return;
  if (isForOther(options, args[0], Array.isArray(args[1]) ? args[1] : [])) return;
  args[at] = viewWith(options, {
    get env() {
      // Node copies only the options' own, enumerable properties.
      const isGiven = Object.getOwnPropertyDescriptor(options, 'env')?.enumerable;
      const env = Object(
        (isGiven && (options as { env?: unknown }).env) || agent.environment(),
      ) as NodeJS.ProcessEnv;
      // `in` comes first: some environments throw for a name that they do not have.
      return viewWith(
        env,
        variablesFor((name) => (name in env ? asText(env[name]) : undefined), agent, context),
      );
    },
  });
}

/** The variables that a child gets. A variable to which the caller gave a value of its own stays as it is. */
function variablesFor(
  given: (name: string) => string | undefined,
  agent: AgentPort,
  context: Context,
): Record<string, string> {
  const inherited = agent.environment();
  const isFree = (name: string): boolean => [undefined, inherited[name]].includes(given(name));
  return Object.fromEntries(
    Object.entries(agent.processVariables(context, given)).filter(([name]) => isFree(name)),
  );
}

// Commands that run other commands as somebody else. Some of them clear the environment, others hand it on.
const changers =
  /(?:^|[\s/;&|('"`])(?:sudo|doas|su|runuser|setpriv|gosu|su-exec|pkexec|chpst|s6-setuidgid|setuidgid|capsh|runas|start-stop-daemon)(?=$|[\s;&|)'"`])/;

// Commands that do so only with an option, and that option.
const mayChange = /(?:^|[\s/;&|('"`])(?:chroot|unshare|nsenter)(?=$|[\s;&|)'"`])/;
const changingOption = /\s(?:--(?:userspec|groups|set[ug]id)|-[A-Za-z]{0,9}[SG])/;

// Commands whose arguments are, or contain, another command.
const carriers =
  /^(?:.*\/)?(?:[abd]a?sh|[kz]sh|sh|busybox|env|nice|ionice|nohup|timeout|setsid|stdbuf|time|chrt|taskset|flock|xargs|chroot|unshare|nsenter)$/;

/** Whether a command runs as another user, as far as the call tells: by its options, its name, or a shell's line. */
function isForOther(options: unknown, file: unknown, args: readonly unknown[]): boolean {
  const isOther = (name: 'uid' | 'gid', own: number | undefined): boolean =>
    ![false, undefined, null, own].includes(optionOf(options, name) as number);
  const isCarrier = args[0] === '-c' || (typeof file === 'string' && carriers.test(file));
  const line = [file, ...(isCarrier ? args : [])].filter((text) => typeof text === 'string').join(' ');
  return (
    isOther('uid', process.getuid?.()) ||
    isOther('gid', process.getgid?.()) ||
    changers.test(line) ||
    (mayChange.test(line) && changingOption.test(line))
  );
}

/** The text that Node makes of a variable; '' if only code of the caller tells that text. */
function asText(value: unknown): string | undefined {
  if (typeof value === 'string' || value === undefined) return value;
  return typeof value === 'number' || typeof value === 'boolean' ? `${value}` : '';
}
