// A server under the agent and a client in another process, for as many requests as are wanted.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { agentFolder, key, on, preload, readSpool, scenario } from '../scenario.js';
import type { Done, Order } from './client.js';
import { type Events, countStore } from './store.js';

/** What the server of `soak/server.cjs` tells of itself after a collection of garbage. */
export interface State {
  readonly served: number;
  readonly traced: number;
  readonly live: number;
  readonly memory: Readonly<Record<'heapUsed' | 'external' | 'arrayBuffers' | 'rss', number>>;
  readonly registered: Counts;
  readonly finalized: Counts;
  readonly entered: number;
  readonly disabled: number;
  readonly enabled: boolean;
  readonly listeners: readonly number[];
  readonly processListeners: number;
  readonly resources: readonly string[];
}
type Counts = Readonly<Record<'request' | 'response' | 'context' | 'trace' | 'untraced', number>>;

export interface SoakOptions {
  readonly node?: string;
  readonly traced: number;
  readonly untraced: number;
  /** Each part ends with no trace live, and with a look at the memory. */
  readonly parts: number;
  /** A folder for traces, which is emptied as they come. */
  readonly store: string;
  readonly onPart?: (part: number, state: State, seconds: number) => void;
}

export interface SoakResult {
  /** Before the first request, but with all connections open; then after each part. */
  readonly states: readonly State[];
  readonly answers: number;
  readonly events: Readonly<Events>;
  /** Events that the agent reported as lost. */
  readonly lost: number;
  /** Events that wait in the spool at the end. */
  readonly spooled: number;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const endMs = 20_000;
const liveMs = 10_000;
// In vain where events were lost; of these the agent tells at the end.
const storeMs = 15_000;

/** Sends all requests and gives what was seen. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { node = process.execPath, traced, untraced, parts, store } = options;
  const server = startServer(node, store);
  let stderr = '';
  server.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const port = Number(((await once(server.stdout!.setEncoding('utf8'), 'data')) as [string])[0]);
  const client = fork(join(__dirname, 'client.js'), [String(port), key]);
  const counter = countStore(store);
  const turning = setInterval(() => counter.turn(), 500);
  try {
    let { answers } = await answerOf(client);
    const ask = async (path: string): Promise<string> => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
      return response.text();
    };
    const look = async (): Promise<State> => JSON.parse(await ask('/state')) as State;
    const send = async (order: Order): Promise<void> => {
      client.send(order);
      ({ answers } = await answerOf(client));
    };
    /** The signed ones among as many others, then the rest alone, as a server's days are. */
    const sendPart = async (signed: number, unsigned: number, events: number): Promise<void> => {
      const mixed = Math.min(signed, unsigned);
      await send({ signed, unsigned: mixed });
      // A trace ends a moment after its last point, and its events may still be on their way to the store.
      await until(async () => (await ask('/live')) === '0', liveMs);
      await until(() => counter.events.start + counter.events.stop >= events, storeMs);
      await send({ signed: 0, unsigned: unsigned - mixed });
    };
    const states = [await look()];
    for (let part = 1; part <= parts; part++) {
      const started = performance.now();
      await sendPart(share(traced, part, parts), share(untraced, part, parts), 2 * upTo(traced, part, parts));
      states.push(await look());
      options.onPart?.(part, states.at(-1)!, (performance.now() - started) / 1000);
    }
    const ended = once(server, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
    client.disconnect();
    await ask('/end');
    const timer = setTimeout(() => server.kill('SIGKILL'), endMs);
    const [code, signal] = await ended;
    clearTimeout(timer);
    clearInterval(turning);
    counter.finish();
    const lost = [...stderr.matchAll(/^ostrace: (\d+) events? (?:was|were) lost: /gm)].reduce(
      (sum, [, count]) => sum + Number(count),
      0,
    );
    const spooled = readSpool(spoolOf(store)).length;
    return { states, answers, events: counter.events, lost, spooled, stderr, code, signal };
  } finally {
    clearInterval(turning);
    client.kill('SIGKILL');
    server.kill('SIGKILL');
  }
}

const spoolOf = (store: string): string => `${store}-spool`;

function startServer(node: string, store: string): ChildProcess {
  const clean = Object.entries(process.env).filter(([name]) => !/^(?:OSTRACE|NODE)_/.test(name));
  const env = {
    ...Object.fromEntries(clean),
    ...on,
    OSTRACE_CONNECTION_STRING: `file://${store}`,
    OSTRACE_SPOOL: spoolOf(store),
    OSTRACE_EXIT_TIMEOUT: String(storeMs),
  };
  const agent = join(agentFolder, 'dist/agent.js');
  return spawn(node, ['--require', preload, scenario('soak/server.cjs'), agent], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function answerOf(client: ChildProcess): Promise<Done> {
  const ended = new AbortController();
  const stop = (): void => ended.abort(new Error('the client ended'));
  client.once('exit', stop);
  try {
    const [done] = (await once(client, 'message', { signal: ended.signal })) as [Done];
    return done;
  } finally {
    client.off('exit', stop);
  }
}

async function until(isReached: () => boolean | Promise<boolean>, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline && !(await isReached())) await sleep(100);
}

/** How many of all there have been after a part. */
function upTo(all: number, part: number, parts: number): number {
  return Math.round((all * part) / parts);
}

function share(all: number, part: number, parts: number): number {
  return upTo(all, part, parts) - upTo(all, part - 1, parts);
}
