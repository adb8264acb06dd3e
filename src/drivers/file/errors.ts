// What can be done about an error of the file system.
import { DriverError } from '../driver.js';

/** The code of an error of the system's; '' if it has none. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

const advice: Readonly<Record<string, string>> = {
  EACCES: 'permission denied; check who may use it, and which user this runs as',
  EPERM: 'not permitted; check who may use it, and which user this runs as',
  ENOTDIR: 'a part of the path is a file; name a folder in the connection string',
  EEXIST: 'there is a file of that name; name a folder in the connection string',
  EISDIR: 'it is a folder; remove or rename it',
  ELOOP: 'it is a symbolic link, which is not followed here; remove it',
  ENXIO: 'it is not a file; remove or rename it',
  ENOSPC: 'no space is left on the device; make room or name another folder',
  EROFS: 'the file system is read-only; name another folder in the connection string',
};

/** An error of the system's as one sentence. */
export function unusable(verb: string, path: string, error: unknown): DriverError {
  if (error instanceof DriverError) return error;
  const reason = advice[codeOf(error)] ?? String(error);
  return new DriverError(`cannot ${verb} ${path}: ${reason}`, { cause: error });
}
