// Starts the processes whose calls are measured.
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { end, nextMessage } from '../ask.js';
import { linesIn } from '../lines.js';
import type { Node } from '../part.js';
import type { Variant } from '../variants.js';
import type { Kind } from './kind.js';
import type { Order, State } from './subject.js';

/** A process whose calls are measured. */
export interface Subject {
  /**
   * Runs a batch.
   *
   * @returns the duration of one call
   */
  run(order: Order, kind: Kind): Promise<number>;
  /** Waits until every expected point is in the store, and fails if there are more. */
  check(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param base_id of the trace that the process makes, if it makes one
 * @param kinds that it will be asked for
 */
export async function startSubject(
  node: Node,
  { name, cwd, env, preload }: Variant,
  state: State,
  store: string,
  base_id: string,
  kinds: readonly Kind[],
): Promise<Subject> {
  // The young generation is large enough for a batch, so allocated memory is still there when it is counted.
  const memory = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64'];
  // kafkajs sets a time in the past.
  const flags = [...memory, '--disable-warning=TimeoutNegativeWarning'];
  const api = join(cwd, 'node_modules/ostrace');
  const asked = JSON.stringify(kinds.map((kind) => kind.name));
  const child = fork(join(__dirname, 'subject.js'), [state, base_id, api, asked], {
    execPath: node.path,
    execArgv: [...flags, ...(preload === undefined ? [] : ['--require', preload.require])],
    cwd,
    env,
  });
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  const said = (): Promise<unknown> => nextMessage(child, `${name}, ${state}`);
  await said();
  const lines = linesIn(join(store, `${base_id}.jsonl`));
  // The point that warmed the trace up.
  let points = state === 'quiet' ? 0 : 1;

  return {
    async run(order, kind) {
      if (order.inTrace) points += kind.count * kind.points!;
      child.send(order);
      const value = await said();
      if (typeof value !== 'number') throw new Error(`${name}, ${kind.name}: no number but ${String(value)}`);
      return value;
    },

    async check() {
      if (points > 0) await lines.reach(points * 2, `${name}, ${state}`);
      else if (existsSync(store)) throw new Error(`${name}, ${state}: a trace was stored`);
    },

    async stop() {
      await end(child);
      process.removeListener('exit', kill);
    },
  };
}
