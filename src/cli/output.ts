// Writes the output of a command into a file.
import { randomBytes } from 'node:crypto';
import { type Stats, constants } from 'node:fs';
import { type FileHandle, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { CommandError } from './command.js';

const batchLength = 65_536;

/**
 * Writes a file. It is written beside its place and moved there when it is complete, so that nobody sees half of it,
 * and a file that was there stays as it was if this fails. What is no file, such as a pipe, is written to.
 *
 * @throws CommandError if that is not possible
 */
export async function writeToFile(path: string, pieces: Iterable<string>): Promise<void> {
  try {
    const there = await statOf(path);
    if (there?.isDirectory() === true) {
      throw new CommandError(`--out is "${path}", which is a folder; expected the name of a file`);
    }
    if (there?.isFile() === false) await writeInto(path, pieces);
    // The file that a link leads to is replaced, and not the link.
    else await writeAside(there === undefined ? path : await realpath(path), there, pieces);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new CommandError(`cannot write "${path}": ${reasonOf(error)}`);
  }
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeInto(path: string, pieces: Iterable<string>): Promise<void> {
  const file = await open(path, constants.O_WRONLY);
  try {
    await writeAll(file, pieces);
  } finally {
    await file.close();
  }
}

async function writeAside(path: string, there: Stats | undefined, pieces: Iterable<string>): Promise<void> {
  const aside = join(dirname(path), `.ostrace-${randomBytes(8).toString('hex')}.part`);
  const file = await open(aside, 'wx');
  try {
    try {
      if (there !== undefined) await file.chmod(there.mode & 0o777);
      await writeAll(file, pieces);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
  } catch (error) {
    await unlink(aside);
    throw error;
  }
}

async function writeAll(file: FileHandle, pieces: Iterable<string>): Promise<void> {
  let batch = '';
  for (const piece of pieces) {
    batch += piece;
    if (batch.length < batchLength) continue;
    await file.writeFile(batch);
    batch = '';
  }
  await file.writeFile(batch);
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'its folder does not exist';
  if (code === 'ENOTDIR') return 'a part of its path is not a folder';
  if (code === 'EACCES' || code === 'EPERM') return 'this user may not write there';
  return code === 'ENOSPC' ? 'no space is left there' : message;
}
