// Consumers that a traced request starts and that run for hours: each message is handled in its own trace or in none,
// never in that of the request that started its consumer, and nothing is left of it.
//   SOAK_TIMES=100 npm test -- lasting-consumers     a hundred times as many messages
// needs: agent rabbitmq nats redis
import assert from 'node:assert/strict';
import { type TestContext, describe, test } from 'node:test';
import { join } from 'node:path';

import { patiently } from './fixtures/patiently.js';
import { type Run, agentFolder, on, run, scenario, signedHeaders } from './scenario.js';

const times = Number(process.env['SOAK_TIMES'] ?? 1);
const parts = 3;
/** Untraced messages that are sent at once. */
const batch = 500;
const atOnce = 8;
// A kept connection may hold on to its last request, and those of the libraries to the request that opened them. All
// parts together have ten times as many requests.
const mostLeft = 40;
// All their events are read at the end.
const mostTraced = 5000;
// Compiled code, and what the libraries themselves keep: a hundredth of what the messages would take.
const noiseBytes = 1024 * 1024;

/** What a consumer is and how much it is given. */
interface Consumer {
  /** Messages of each part, a fiftieth of them in traces of their own. */
  readonly messages: number;
  /** Whether a message carries the trace in which it is sent. */
  readonly carries: boolean;
}

const consumers: Readonly<Record<string, Consumer>> = {
  amqplib: { messages: 7000, carries: true },
  'nats, a callback': { messages: 7000, carries: true },
  'nats, a loop': { messages: 7000, carries: true },
  ioredis: { messages: 7000, carries: false },
  // Each job is a dozen commands.
  bullmq: { messages: 2000, carries: true },
};

/** What `soak/consumer.cjs` tells of itself after a collection of garbage. */
interface State {
  readonly handled: number;
  readonly live: number;
  readonly enabled: boolean;
  readonly memory: Readonly<Record<'heapUsed' | 'external' | 'arrayBuffers', number>>;
  readonly registered: Readonly<Record<'context' | 'trace', number>>;
  readonly finalized: Readonly<Record<'context' | 'trace', number>>;
}

interface Outcome {
  readonly ran: Run;
  /** The trace of the request that started the consumer. */
  readonly starter: string;
  /** The messages that were sent in a trace, by their ids, and their traces. */
  readonly traced: ReadonlyMap<number, string>;
  readonly sent: number;
  /** After each part, when no trace is live. */
  readonly states: readonly State[];
}

async function consume(t: TestContext, library: string, messages: number): Promise<Outcome> {
  const traced = new Map<number, string>();
  const states: State[] = [];
  const { base_id: starter, headers: starting } = signedHeaders();
  let sent = 0;
  const next = (count: number): number => (sent += count) - count;
  const ran = await run(t, scenario('soak/consumer.cjs'), {
    load: 'require',
    args: [join(agentFolder, 'dist/agent.js'), library],
    env: on,
    async onReady(port) {
      const ask = async (path: string, headers: Record<string, string> = {}): Promise<string> =>
        (await fetch(`http://127.0.0.1:${port}/${path}`, { headers })).text();
      const sendTraced = async (): Promise<void> => {
        const { base_id, headers } = signedHeaders();
        const id = next(1);
        traced.set(id, base_id);
        assert.equal(await ask(`send/${id}`, headers), 'handled');
      };
      const sendUntraced = async (count: number): Promise<void> => {
        assert.equal(await ask(`send/${next(count)}/${count}`), 'handled');
      };
      const start = await fetch(`http://127.0.0.1:${port}/start`, { headers: starting });
      for (let part = 0; part < parts; part++) {
        const inTraces = Math.min(messages / 50, mostTraced / parts);
        await Promise.all([
          repeat(Math.ceil((messages - inTraces) / batch), () => sendUntraced(batch)),
          ...Array.from({ length: atOnce }, () => repeat(Math.ceil(inTraces / atOnce), sendTraced)),
        ]);
        // The first messages come while the starter's request is in hand, the others long after.
        if (part === 0) {
          await ask('answer');
          assert.equal(await start.text(), 'started');
        }
        await patiently(
          () => ask('live'),
          (live) => live === '0',
        );
        states.push(JSON.parse(await ask('state')) as State);
      }
      await ask('end');
    },
  });
  return { ran, starter, traced, sent, states };
}

async function repeat(count: number, work: () => Promise<void>): Promise<void> {
  for (let i = 0; i < count; i++) await work();
}

// They wait most of the time.
describe('a consumer that a traced request started', { concurrency: 2 }, () => {
  for (const [library, { messages, carries }] of Object.entries(consumers)) {
    test(`${library}: tens of thousands of messages are each in their own trace or in none, and leave nothing`, async (t) => {
      const { ran, starter, traced, sent, states } = await consume(t, library, messages * times);
      assert.deepEqual([ran.code, ran.stderr, ran.spooled.length], [0, '', 0]);

      const seen = new Map<string, string[]>();
      const started = new Set<string>([starter, ...traced.values()]);
      for (const { name, base_id } of ran.events) {
        assert.ok(started.has(base_id), `${name} is in a trace that nobody asked for`);
        const point = /^(?:begun|done) \d+(?=-start$)/.exec(name)?.[0];
        if (point !== undefined) seen.set(base_id, [...(seen.get(base_id) ?? []), point]);
      }
      assert.deepEqual(seen.get(starter), undefined);
      const expected = [...traced].map(([id, base_id]) => [base_id, [`begun ${id}`, `done ${id}`]] as const);
      assert.deepEqual(seen, new Map(carries ? expected : []));

      const [first, last] = [states[0]!, states.at(-1)!];
      assert.equal(last.handled, sent);
      for (const state of states) {
        assert.deepEqual([state.live, state.enabled], [0, false]);
        for (const kind of ['context', 'trace'] as const) {
          const left = state.registered[kind] - state.finalized[kind];
          assert.ok(left <= mostLeft, `a ${kind} of ${left} requests is left`);
        }
      }
      for (const kind of ['heapUsed', 'external', 'arrayBuffers'] as const) {
        const all = states.map(({ memory }) => memory[kind]);
        assert.ok(last.memory[kind] - first.memory[kind] < noiseBytes, `${kind} grows: ${all.join(', ')}`);
      }
    });
  }
});
