// Finds out whether a configuration names points. This runs at each start; all else of them is loaded later.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The file that names points if no setting does, in the folder in which the process is started. */
export const pointsFile = 'ostrace.config.json';

/** The text of a package file that names points. A dependency of this name has a text, and no object. */
const inPackage = /"ostrace"\s*:\s*\{/;

/**
 * Whether there is anything to read.
 *
 * @param given the setting
 * @param folder the folder in which the process was started; '' for the working directory
 */
export function namesPoints(given: string | undefined, folder: string): boolean {
  if (given !== undefined) return given !== 'off';
  if (existsSync(join(folder, pointsFile))) return true;
  try {
    return inPackage.test(readFileSync(join(folder, 'package.json'), 'latin1'));
  } catch {
    return false; // there is none
  }
}
