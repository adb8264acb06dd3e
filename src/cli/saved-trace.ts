// Reads a trace that was saved as JSON, for `ostrace trace show --file`.
import { createReadStream } from 'node:fs';

import type { StoredTrace } from '../drivers/driver.js';
import { readReport } from '../report/saved.js';
import { count } from '../trace/count.js';
import { CommandError, type Shell } from './command.js';

const expected = 'expected a trace as ostrace trace show --json or osprofiler trace show --json prints it';

/** A trace and its id. */
export interface NamedTrace {
  readonly base_id: string;
  readonly stored: StoredTrace;
}

/** @throws CommandError if a value of `--file` is no name */
export function savedName(file: string): string {
  if (file !== '') return file;
  throw new CommandError('--file is ""; expected the name of a file, or - for stdin');
}

/**
 * Reads a saved trace, and reports what could not be read of it.
 *
 * @param file its name, or `-` for stdin
 * @throws CommandError if there is nothing to show in it
 */
export async function readSaved(shell: Shell, file: string): Promise<NamedTrace> {
  const name = file === '-' ? 'stdin' : `"${file}"`;
  const saved = readReport(parsed(name, await textOf(name, file)));
  if (saved === undefined) throw new CommandError(`${name} is JSON, but no trace; ${expected}`);
  const { base_id, events, skipped, rounded, isDated } = saved;
  if (events.length === 0) {
    const parts = skipped === 0 ? 'no point' : `${count(skipped, 'part')}, none of which is an event`;
    throw new CommandError(`the trace in ${name} has ${parts}; ${expected}`);
  }
  if (skipped > 0)
    shell.warn(`skipped ${count(skipped, 'part')} of the trace in ${name}: not an event of it`);
  if (rounded > 0) {
    shell.warn(
      `${count(rounded, 'event')} in ${name} came without a time, as a database reports them: they are shown in whole milliseconds` +
        (isDated ? '' : ', and the date and the id of the trace are not known'),
    );
  }
  return { base_id, stored: saved };
}

function parsed(name: string, text: string): unknown {
  try {
    // Without a byte order mark, which some shells put before what they redirect.
    return JSON.parse(text.trimStart());
  } catch (error) {
    const isEmpty = text.trim() === '';
    const reason = isEmpty ? 'is empty' : `is not JSON (${(error as Error).message})`;
    throw new CommandError(`${name} ${reason}; ${expected}`);
  }
}

/** The text without its indentation, which is most of a deep trace: a string holds 512 MiB. */
async function textOf(name: string, file: string): Promise<string> {
  const chunks = (file === '-' ? process.stdin : createReadStream(file)).setEncoding('utf8');
  let text = '';
  try {
    for await (const chunk of chunks as AsyncIterable<string>) text += chunk.replace(/\n\s+/g, '\n');
  } catch (error) {
    if (error instanceof RangeError) throw new CommandError(`${name} is too large to be read`);
    throw new CommandError(`cannot read ${name}: ${reasonOf(error)}`);
  }
  return text;
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  return code === 'EACCES' ? 'it may not be read by this user' : message;
}
