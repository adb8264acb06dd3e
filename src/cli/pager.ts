// Shows output that is longer than the terminal in a pager, as git does.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { pagerVariable } from '../config/config.js';
import { type Option, type Shell, printAll } from './command.js';

export const noPagerOption = {
  type: 'boolean',
  help: 'Print everything at once. Otherwise, what is longer than the terminal goes to $OSTRACE_PAGER, $PAGER or less.',
} as const satisfies Option;

/**
 * The command of the pager that people have chosen; undefined if there is to be none.
 *
 * @param shell whose stdout may be a terminal
 */
function pagerOf({ env, rows }: Shell): string | undefined {
  if (rows === undefined || env['CI'] || isDumb(env['TERM'])) return undefined;
  const pager = (env[pagerVariable] ?? env['PAGER'] ?? 'less').trim();
  return pager === '' || pager === 'cat' ? undefined : pager;
}

const isDumb = (term = ''): boolean => term === 'dumb' || (term === '' && process.platform !== 'win32');

/** Prints text, in a pager if it has more lines than the terminal. A pager that does not start is done without. */
export async function printPaged(shell: Shell, pieces: Iterable<string>, isPaged: boolean): Promise<void> {
  const pager = isPaged ? pagerOf(shell) : undefined;
  if (pager === undefined) {
    await printAll(shell, pieces);
    return;
  }
  const rest = pieces[Symbol.iterator]();
  const head: string[] = [];
  let lines = 0;
  // The line of the prompt is the terminal's last.
  while (lines < shell.rows!) {
    const { done, value } = rest.next();
    if (done === true) {
      await printAll(shell, head);
      return;
    }
    head.push(value);
    lines += value.split('\n').length - 1;
  }
  const kept = keeping(head, rest);
  if (!(await page(shell, pager, kept.pieces()))) await printAll(shell, kept.pieces());
}

/** Pieces that can be read again, because a pager may not be there after it was given some. */
function keeping(head: readonly string[], rest: Iterator<string>): { pieces(): Iterable<string> } {
  const known = [...head];
  return {
    *pieces() {
      for (let i = 0; ; i++) {
        if (i === known.length) {
          const { done, value } = rest.next();
          if (done === true) return;
          known.push(value);
        }
        yield known[i]!;
      }
    },
  };
}

/** @returns false if the pager did not start */
async function page(shell: Shell, pager: string, pieces: Iterable<string>): Promise<boolean> {
  // The keyboard's Ctrl-C goes to the pager too, which knows what to do then.
  const ignore = (): void => {};
  process.on('SIGINT', ignore);
  try {
    const child = start(pager, shell);
    const ended = once(child, 'close') as Promise<[number | null]>;
    ended.catch(ignore);
    const stdin = child.stdin!;
    // A pager that is quit does not read the rest.
    stdin.on('error', ignore);
    await once(child, 'spawn');
    await printAll(
      { ...shell, stdout: stdin },
      until(pieces, () => stdin.destroyed),
    );
    stdin.end();
    const [code] = await ended;
    // A shell's own codes for what it cannot start.
    return code !== 126 && code !== 127;
  } catch {
    return false;
  } finally {
    process.off('SIGINT', ignore);
  }
}

function start(pager: string, { env }: Shell): ChildProcess {
  // -F: not for what fits; -R: with its colours; -X: what was read stays on the screen.
  const options = { env: { LESS: 'FRX', LV: '-c', ...env }, stdio: ['pipe', 'inherit', 'inherit'] as const };
  const [program = '', ...args] = pager.split(/\s+/);
  return /[^\w\s./=+,:@%-]/.test(pager)
    ? spawn(pager, { ...options, stdio: [...options.stdio], shell: true })
    : spawn(program, args, { ...options, stdio: [...options.stdio] });
}

function* until(pieces: Iterable<string>, isOver: () => boolean): Generator<string> {
  for (const piece of pieces) {
    if (isOver()) return;
    yield piece;
  }
}
