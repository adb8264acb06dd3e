// Finds out what kind of program `ostrace run` has to run: only Node programs can have the agent.
import { accessSync, closeSync, constants, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, delimiter, extname, join } from 'node:path';

const headBytes = 256;

/**
 * Says why a program is not a Node program, for people.
 *
 * @param env with the PATH in which the program is looked for
 * @returns undefined for a Node program, or if nothing tells
 */
export function whyNoNode(
  program: string,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const file = fileOf(program, env['PATH']);
  if (file === undefined || isNode(file)) return undefined;
  const head = headOf(file);
  if (head === undefined) return undefined;
  const interpreter = interpreterIn(head);
  if (interpreter === undefined) {
    return isBinary(head) ? `${program} is a binary` : `${program} is a script without a #! line`;
  }
  return isNode(interpreter) ? undefined : `${program} is a script for ${basename(interpreter)}`;
}

/** The command that runs a file which cannot be run by itself, but by Node; undefined for other files. */
export function asNodeRuns(program: string, args: readonly string[]): string | undefined {
  if (!/^\.[cm]?[jt]s$/.test(extname(program)) || !isFile(program)) return undefined;
  return `ostrace run -- ${['node', program, ...(args.length > 0 ? ['…'] : [])].join(' ')}`;
}

function fileOf(program: string, path = ''): string | undefined {
  // A program that cannot be run reports that itself.
  if (program.includes('/')) return isFile(program) && isExecutable(program) ? program : undefined;
  return path
    .split(delimiter)
    .map((folder) => join(folder || '.', program))
    .find((file) => isFile(file) && isExecutable(file));
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Recognised by its name, or because it is the Node that runs us. */
function isNode(file: string): boolean {
  if (/^(?:node|nodejs|iojs|electron)\d*(?:\.exe)?$/i.test(basename(file))) return true;
  try {
    return realpathSync(file) === realpathSync(process.execPath);
  } catch {
    return false;
  }
}

function headOf(file: string): Buffer | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const buffer = Buffer.alloc(headBytes);
    return buffer.subarray(0, readSync(fd, buffer, 0, headBytes, 0));
  } catch {
    return undefined; // the file may be run, but not read
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** The program that a script names in its first line. For `#!/usr/bin/env -S NAME=x node --flag` it is `node`. */
function interpreterIn(head: Buffer): string | undefined {
  const [, line] = /^#!\s*([^\n]*)/.exec(head.toString('latin1')) ?? [];
  const [first, ...rest] = line?.trim().split(/\s+/) ?? [];
  if (first === undefined || basename(first) !== 'env') return first;
  return rest.find((word) => !word.startsWith('-') && !word.includes('=')) ?? first;
}

/** A text contains no NUL. */
function isBinary(head: Buffer): boolean {
  return head.includes(0);
}
