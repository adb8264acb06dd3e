// Asks a service hundreds of traced and untraced requests at once, and checks that no trace holds anything foreign.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

import type { Event } from '../src/trace/event.js';
import { on, run, shape, signedHeaders, treeOf } from './scenario.js';

/** A program that prints its port first, answers `GET /<id>`, and ends after `GET /end`. */
export interface Crowd {
  readonly file: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly count?: number;
  /** The expected answer to a request. */
  answer(id: string, isSigned: boolean): string;
}

/** The outcome of the requests. */
export interface CrowdSeen {
  /** The shape of each signed request's tree, by its id. */
  readonly shapes: ReadonlyMap<string, string>;
  /** Events of no request, and those that tell of what was left out. */
  readonly foreign: readonly Event[];
}

/** The first request is signed, and what the program begins lazily begins in its trace; then an untraced one; then all. */
export async function crowd(
  t: TestContext,
  { file, env = {}, count = 300, answer }: Crowd,
): Promise<CrowdSeen> {
  const asked = new Map<string, string | undefined>();
  const { events, code, stderr } = await run(t, file, {
    env: { ...on, ...env },
    onReady: async (line) => {
      const { port } = JSON.parse(line) as { port: number };
      const ask = async (id: string, isSigned: boolean): Promise<void> => {
        const { base_id, headers } = signedHeaders();
        asked.set(id, isSigned ? base_id : undefined);
        const response = await fetch(`http://127.0.0.1:${port}/${id}`, { headers: isSigned ? headers : {} });
        assert.equal(await response.text(), answer(id, isSigned));
      };
      await ask('first', true);
      await ask('untraced', false);
      await Promise.all(Array.from({ length: count }, (_, i) => ask(`${i}`, i % 3 !== 1)));
      await (await fetch(`http://127.0.0.1:${port}/end`)).text();
    },
  });
  assert.deepEqual([code, stderr], [0, '']);
  const signed = [...asked].filter((each): each is [string, string] => each[1] !== undefined);
  const known = new Set(signed.map(([, base_id]) => base_id));
  return {
    shapes: new Map(signed.map(([id, base_id]) => [id, shape(treeOf(events, base_id))])),
    foreign: events.filter(({ base_id, name }) => !known.has(base_id) || name.startsWith('left_out')),
  };
}
