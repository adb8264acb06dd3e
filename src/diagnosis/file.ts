// A part of the composition root: the file by which a process reports itself to `ostrace doctor`.
import { renameSync, writeFileSync } from 'node:fs';

import { messageOf, notice } from '../trace/notice.js';
import { type ProcessReport, byApplication } from './process-report.js';

// Often enough for a reader of a process that ends without a chance to report.
const writeEveryMs = 250;

/**
 * Writes the report, and writes it again whenever it has changed.
 *
 * @param prefix of the file's name: child processes inherit it and write into files of their own
 */
export function keepWriting(prefix: string, report: () => ProcessReport): void {
  const file = `${prefix}.${process.pid}`;
  let written = '';
  const write = (): void => {
    try {
      const text = JSON.stringify(report());
      if (text === written) return;
      // The file is replaced as a whole, so its reader never finds half of it.
      writeFileSync(`${file}.new`, text, { mode: 0o600 });
      renameSync(`${file}.new`, file);
      written = text;
    } catch (error) {
      clearInterval(timer);
      process.off('exit', write);
      // The folder is gone if nobody reads it any more.
      const isOver = (error as { code?: unknown } | null)?.code === 'ENOENT';
      if (!isOver) notice(`the report for ostrace doctor cannot be written: ${messageOf(error)}`);
    }
  };
  const timer = setInterval(write, writeEveryMs).unref();
  process.on('exit', write);
  write();
}

/** How the preload was loaded. The arguments may name it in any form: by the package, or by a path to its file. */
export function loadedBy(): string {
  const isOurs = (text: string): boolean => /ostrace[\\/]register|register\.m?js/.test(text);
  const { execArgv, env } = process;
  const flag = (text: string): string => /--?(?:import|require|r)\b/.exec(text)?.[0] ?? '';
  const where = env['pm2_env'] === undefined ? '' : ", in a worker of pm2's cluster mode";
  const at = execArgv.findIndex(isOurs);
  if (at >= 0) return `by ${flag(execArgv[at]!) || execArgv[at - 1]} on the command line${where}`;
  const options = (env['NODE_OPTIONS'] ?? '').split(/(?=--?(?:import|require|r)\b)/).find(isOurs);
  return options === undefined ? byApplication : `by ${flag(options)} in NODE_OPTIONS${where}`;
}

/** Whether the process has a server that listens on a port. */
export function isServing(): boolean {
  return process.getActiveResourcesInfo().includes('TCPServerWrap');
}
