import { readFileSync } from 'node:fs';

import { DriverError } from './driver.js';

export interface TlsFiles {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/**
 * Reads the certificates and the key whose files a connection string's parameters name.
 *
 * @param names of the parameters
 * @throws DriverError when a file can't be read
 */
export function tlsFiles(
  parameters: URLSearchParams,
  names: Readonly<Record<keyof TlsFiles, string>>,
): TlsFiles {
  const files: { -readonly [Name in keyof TlsFiles]: Buffer } = {};
  for (const kind of ['ca', 'cert', 'key'] as const) {
    const path = parameters.get(names[kind]);
    if (path === null) continue;
    try {
      files[kind] = readFileSync(path);
    } catch (error) {
      const { message } = error as Error;
      throw new DriverError(
        `${names[kind]} in the connection string names a file that cannot be read: ${message}`,
        {
          cause: error,
          isCertain: true,
        },
      );
    }
  }
  return files;
}
