// Clients that the agent does not know: whose work runs in their callbacks nobody can tell, so it stands in no trace
// rather than in another request's.
// needs: agent mariadb redis
import assert from 'node:assert/strict';
import { Agent, get } from 'node:http';
import { test } from 'node:test';

import type { Event } from '../src/trace/event.js';
import { on, run, scenario, signedHeaders } from './scenario.js';

/** How many requests are sent to each of the two servers. */
const requests = 5000;
const atOnce = 40;

interface Asked {
  readonly work: string;
  readonly id: string;
  /** Undefined where it is not signed. */
  readonly base_id: string | undefined;
}

for (const file of ['server.cjs', 'server.mjs']) {
  test(`${file}: of ${requests} signed and unsigned requests over clients that are not known, no call of one stands in the trace of another, or is signed for it`, async (t) => {
    const asked = new Map<string, Asked>();
    let works: readonly string[] = [];
    let called: readonly (readonly [id: string, base_id: string | null])[] = [];
    const { events, code, stderr } = await run(t, scenario(`unknown/${file}`), {
      // Without its hooks, a client is as good as unknown.
      env: { ...on, OSTRACE_INSTRUMENT_REDIS: 'false' },
      onReady: async (line) => {
        const ready = JSON.parse(line) as { port: number; works: readonly string[] };
        ({ works } = ready);
        const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
        const ask = async (work: string, isSigned: boolean): Promise<void> => {
          const { base_id, headers } = signedHeaders();
          const id = `${work} ${asked.size}`;
          asked.set(id, { work, id, base_id: isSigned ? base_id : undefined });
          const path = `/${encodeURIComponent(work)}/${encodeURIComponent(id)}`;
          await fetchText(ready.port, path, agent, isSigned ? headers : {});
        };
        // A signed request is the first to need the client, and others come while it connects.
        for (const work of works) {
          await Promise.all([true, false, true, false, false].map((isSigned) => ask(work, isSigned)));
        }
        let left = requests - asked.size;
        const worker = async (): Promise<void> => {
          while (left-- > 0) await ask(works[left % works.length]!, left % 3 === 0);
        };
        await Promise.all(Array.from({ length: atOnce }, worker));
        called = JSON.parse(await fetchText(ready.port, '/end', agent, {})) as typeof called;
        agent.destroy();
      },
    });
    assert.equal(stderr, '');
    assert.equal(code, 0);
    assert.equal(asked.size, requests);
    const wrong = called.filter(([id, base_id]) => base_id !== null && base_id !== asked.get(id)!.base_id);
    assert.deepEqual(wrong.slice(0, 5), [], `${wrong.length} calls were signed for another request's trace`);
    assert.ok(
      works.every((work) => called.some(([id]) => asked.get(id)!.work === work)),
      'a work that called nobody',
    );
    const foreign = events.filter((event) => {
      const by = askedBy(event, asked);
      return by !== undefined && by.base_id !== event.base_id;
    });
    assert.deepEqual(foreign.slice(0, 5), [], `${foreign.length} events stand in another request's trace`);
    const told = events.filter(({ name }) => name === 'left_out-start');
    assert.ok(
      told.some(({ info }) => (info['left_out'] as { unknown?: number }).unknown! > 0),
      'no trace says that calls were left out',
    );
  });
}

/** Which request an event tells of; undefined where it does not tell. */
function askedBy({ info }: Event, asked: ReadonlyMap<string, Asked>): Asked | undefined {
  const { request, requests: sent } = info as Record<string, { path?: string } | undefined>;
  return asked.get(decodeURIComponent((request?.path ?? sent?.path ?? '').split('/').at(-1)!));
}

function fetchText(
  port: number,
  path: string,
  agent: Agent,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve(text));
    });
    request.on('error', reject);
  });
}
