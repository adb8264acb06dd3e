// Reads the package's own `package.json`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The part of its own `package.json` that the command reads. */
interface Manifest {
  readonly version: string;
  /** The oldest Node.js that is supported, as `>=20.19.0`. */
  readonly engines: { readonly node: string };
}

/** The package's own `package.json`. */
export function manifest(): Manifest {
  return JSON.parse(readFileSync(join(__dirname, '../../../package.json'), 'utf8')) as Manifest;
}
