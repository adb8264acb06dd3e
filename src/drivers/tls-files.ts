// Reads the certificates and keys that connection strings name.
import { readFileSync } from 'node:fs';

import { DriverError } from './driver.js';

/** Contents of PEM files; what is not there is not given. */
export interface TlsFiles {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/**
 * Reads the files that parameters name.
 *
 * @param names the parameter of each file, in each spelling; the first that is given counts
 * @param where the parameters stand, for people
 * @throws DriverError when a file can't be read
 */
export function tlsFiles(
  parameters: URLSearchParams,
  names: Readonly<Record<keyof TlsFiles, readonly string[]>>,
  where = 'the connection string',
): TlsFiles {
  const files: { -readonly [Name in keyof TlsFiles]: Buffer } = {};
  for (const kind of ['ca', 'cert', 'key'] as const) {
    const name = names[kind].find((each) => parameters.has(each));
    if (name === undefined) continue;
    try {
      files[kind] = readFileSync(parameters.get(name)!);
    } catch (error) {
      const { message } = error as Error;
      throw new DriverError(`${name} in ${where} names a file that cannot be read: ${message}`, {
        cause: error,
        isCertain: true,
      });
    }
  }
  return files;
}
