// Reads a store in a process of its own.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { Node } from '../part.js';
import type { ReadTimes } from './reader.js';

/** Has a process of its own read a store, as the commands do. */
export async function readIn(
  node: Node,
  connectionString: string,
  base_id: string,
  rounds: number,
): Promise<ReadTimes> {
  const file = join(__dirname, 'reader.js');
  const args = [file, connectionString, base_id, String(rounds)];
  const { stdout } = await promisify(execFile)(node.path, args, { env: {}, maxBuffer: 1 << 20 });
  return JSON.parse(stdout) as ReadTimes;
}
