// Opens the page of `ostrace ui` in the browser.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CommandError, type Shell } from './command.js';
import { openFile } from './open-file.js';

/** How long a browser may take to start and to read the file that leads to the page. */
const readMs = 60_000;

/**
 * Opens the page; a browser that does not open is a warning. Other users can read command lines, so an address with a
 * token is handed over in a file that only this user can read.
 *
 * @returns removes that file, which otherwise goes after a minute
 */
export async function openPage(shell: Shell, address: string, isSecret: boolean): Promise<() => void> {
  let remove = (): void => {};
  try {
    if (!isSecret) await openFile(shell, address);
    else {
      // Only its owner can enter a folder that mkdtemp has made.
      const folder = mkdtempSync(join(tmpdir(), 'ostrace-ui-'));
      remove = () => rmSync(folder, { recursive: true, force: true });
      setTimeout(remove, readMs).unref();
      const file = join(folder, 'ui.html');
      writeFileSync(file, pageLeadingTo(address), { mode: 0o600, flag: 'wx' });
      await openFile(shell, file, 'open the address by hand');
    }
  } catch (error) {
    remove();
    const isOfFiles = error instanceof Error && 'syscall' in error;
    if (!(error instanceof CommandError) && !isOfFiles) throw error;
    shell.warn(
      isOfFiles ? `cannot open the browser: ${error.message}; open the address by hand` : error.message,
    );
  }
  return remove;
}

/** An address that we have made has no character with a meaning in HTML. */
function pageLeadingTo(address: string): string {
  return `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0; url=${address}"><title>ostrace ui</title>\n`;
}
