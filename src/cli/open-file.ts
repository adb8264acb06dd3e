// Opens a file or an address with the program that people have chosen for its kind.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { CommandError, type Shell } from './command.js';

interface Opener {
  readonly program: string;
  readonly args: readonly string[];
  readonly isVerbatim?: true;
}

function openerFor(platform: NodeJS.Platform, file: string): Opener {
  if (platform === 'darwin') return { program: 'open', args: [file] };
  if (platform !== 'win32') return { program: 'xdg-open', args: [file] };
  // A command of the shell. Its first text in quotes is the title of a window; a name has no quotes in it.
  return {
    program: 'cmd.exe',
    args: ['/d', '/s', '/c', `"start "" "${file}""`],
    isVerbatim: true,
  };
}

/**
 * Opens a file with the desktop's program for it, which goes on when we have ended.
 *
 * @param file an absolute path, or the address of a page
 * @param advice what to do if it cannot be opened
 * @throws CommandError if there is nothing that opens files
 */
export async function openFile(
  { env }: Shell,
  file: string,
  advice = file.startsWith('http:') ? 'open it by hand' : 'the file is there',
): Promise<void> {
  const { program, args, isVerbatim = false } = openerFor(process.platform, file);
  const child: ChildProcess = spawn(program, args, {
    env,
    detached: true,
    stdio: 'ignore',
    windowsVerbatimArguments: isVerbatim,
  });
  try {
    await once(child, 'spawn');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? `there is no ${program} on this machine` : message;
    throw new CommandError(`cannot open "${file}": ${reason}; ${advice}`);
  }
  child.unref();
}
