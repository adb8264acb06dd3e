// What can happen to a store while an application sends events, and the account of all events afterwards.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import { newId } from '../../src/trace/ids.js';
import { agentFolder, key, preload, projectFolder, readSpool } from '../scenario.js';
import type { Store } from './stores.js';

/** What became of the events. */
export interface Account {
  readonly sent: number;
  /** By the end of the process. */
  readonly stored: number;
  /** In the spool by then. */
  readonly spooled: number;
  /** As the agent said itself. */
  readonly dropped: number;
  /** Stored after the fault was over and `ostrace flush` had run. */
  readonly storedInTheEnd: number;
  readonly twice: number;
  /** Sent, but neither stored nor spooled nor counted as dropped. */
  readonly unaccounted: number;
  /** From the end of its input to the end of the process. */
  readonly exitMs: number;
  /** How late the event loop was at the 99th percentile. */
  readonly lateMs: number | undefined;
  /** The most memory that the process had, in MiB. */
  readonly memory: number | undefined;
}

interface Running {
  readonly store: Store;
  /** Until the application has made so many turns of its 10 ms. */
  turns(count: number): Promise<void>;
  /** Until the store has some event. */
  connected(): Promise<void>;
  /** Until the store has all events that were sent, or the time is up. */
  delivered(limitMs: number): Promise<void>;
  kill(): void;
  /** Has the application do something: see `app.cjs`. */
  tell(line: string): Promise<void>;
}

export interface Fault {
  readonly name: string;
  /** Which of a store's abilities it takes. */
  readonly needs?: 'hang' | 'slow' | 'refused' | 'flood' | 'obstruct';
  /** For the end of the process, in milliseconds. */
  readonly exitTimeoutMs?: number;
  /** Left out of `npm test` for the time that it takes. */
  readonly isLong?: boolean;
  /** Before the application starts. */
  before?(store: Store, base_id: string): Promise<void> | void;
  /** While it runs. */
  during?(running: Running): Promise<void>;
}

const turns = 200;
const pointsPerTurn = 10;
const exitTimeoutMs = 500;
/** How many descriptors the application may have. */
const descriptors = 100;
const burst = 25_000;

export const faults: readonly Fault[] = [
  { name: 'none', during: (running) => running.delivered(20_000) },
  {
    name: 'down at the start, back after a second',
    before: (store) => store.down(),
    async during(running) {
      await running.turns(100);
      await running.store.up();
      await running.delivered(30_000);
    },
  },
  {
    name: 'goes down under load, back after a second',
    async during(running) {
      await running.turns(50);
      await running.store.down();
      await running.turns(150);
      await running.store.up();
      await running.delivered(30_000);
    },
  },
  {
    name: 'goes down under load, back after a minute',
    isLong: true,
    async during(running) {
      await running.turns(50);
      await running.store.down();
      await delay(60_000);
      await running.store.up();
      await running.delivered(60_000);
    },
  },
  {
    name: 'goes down under load, and the process ends',
    async during(running) {
      await running.turns(50);
      await running.store.down();
      await running.turns(turns);
    },
  },
  {
    name: 'accepts and never answers, and the process ends',
    needs: 'hang',
    async during(running) {
      await running.turns(50);
      running.store.hang?.();
      await running.turns(turns);
    },
  },
  {
    name: 'never answers from the start, and the process ends',
    needs: 'hang',
    before: (store) => store.hang?.(),
    during: (running) => running.turns(turns),
  },
  {
    name: 'takes 10 s an answer',
    needs: 'slow',
    isLong: true,
    async during(running) {
      await running.connected();
      running.store.slow?.(10_000);
      await running.turns(turns);
      await running.delivered(90_000);
    },
  },
  {
    name: 'refuses name and password, and the process ends',
    needs: 'refused',
    during: (running) => running.turns(turns),
  },
  {
    name: 'answers without an end, and the process ends',
    needs: 'flood',
    async during(running) {
      await running.turns(50);
      running.store.flood?.();
      await running.turns(turns);
    },
  },
  {
    name: 'has a pipe in the place of the trace, and the process ends',
    needs: 'obstruct',
    before: (store, base_id) => store.obstruct?.('pipe', base_id),
    during: (running) => running.turns(turns),
  },
  {
    name: 'has a link in the place of the trace, and the process ends',
    needs: 'obstruct',
    before: (store, base_id) => store.obstruct?.('link', base_id),
    during: (running) => running.turns(turns),
  },
  {
    name: 'is well, but no descriptor is left from the start, for a second',
    async during(running) {
      await running.tell('take descriptors');
      await running.turns(100);
      await running.tell('give descriptors');
      await running.delivered(30_000);
    },
  },
  {
    name: 'is down for a second, and no descriptor is left',
    async during(running) {
      await running.turns(50);
      await running.store.down();
      await running.tell('take descriptors');
      await running.turns(150);
      await running.store.up();
      await running.tell('give descriptors');
      await running.delivered(30_000);
    },
  },
  {
    name: "is well, but the exporter's thread is killed under load",
    async during(running) {
      await running.turns(50);
      await running.tell('kill exporter');
      await running.turns(100);
      await running.tell('kill exporter');
      await running.delivered(30_000);
    },
  },
  {
    name: "goes down under load, the exporter's thread is killed, and the process ends",
    async during(running) {
      await running.turns(50);
      await running.store.down();
      await running.turns(100);
      await running.tell('kill exporter');
      await running.turns(turns);
    },
  },
  {
    name: "is well, but the exporter's thread is busy as the process ends",
    exitTimeoutMs: 20,
    async during(running) {
      await running.turns(turns);
      await running.tell(`burst ${burst}`);
    },
  },
  {
    name: 'is well, but the process is killed under load',
    async during(running) {
      await running.turns(150);
      running.kill();
    },
  },
  {
    name: 'never answers, and the process is killed under load',
    needs: 'hang',
    async during(running) {
      await running.turns(50);
      running.store.hang?.();
      await running.turns(150);
      running.kill();
    },
  },
];

/** Runs the application against a store, lets the fault happen, and counts. */
export async function suffer(store: Store, fault: Fault): Promise<Account> {
  const place = mkdtempSync(join(tmpdir(), 'ostrace-faults-'));
  const spool = join(place, 'spool');
  const base_id = newId();
  const env = {
    ...process.env,
    OSTRACE_ENABLED: 'true',
    OSTRACE_HMAC_KEYS: key,
    // The application says how many events it makes.
    OSTRACE_TRACE_GC: 'false',
    OSTRACE_CONNECTION_STRING:
      (fault.needs === 'refused' ? store.refused : undefined) ?? store.connectionString,
    OSTRACE_SPOOL: spool,
    OSTRACE_EXIT_TIMEOUT: String(fault.exitTimeoutMs ?? exitTimeoutMs),
  };
  try {
    await fault.before?.(store, base_id);
    const app = start(env, base_id);
    await fault.during?.({
      store,
      turns: (count) => app.reached(2 * pointsPerTurn * count),
      async delivered(limitMs) {
        await app.reached(2 * pointsPerTurn * turns);
        const deadline = Date.now() + limitMs;
        while ((await store.count(base_id)).stored < app.sent() && Date.now() < deadline) await delay(100);
      },
      async connected() {
        for (const deadline = Date.now() + 10_000; Date.now() < deadline; await delay(50)) {
          if ((await store.count(base_id)).stored > 0) return;
        }
        throw new Error('nothing was stored within 10 s');
      },
      kill: () => app.kill(),
      tell: (line) => app.tell(line),
    });
    const end = await app.end();
    const spooled = readSpool(spool).length;
    const { stored } = await store.count(base_id);
    await store.up();
    const flushed = await flush({ ...env, OSTRACE_CONNECTION_STRING: env.OSTRACE_CONNECTION_STRING });
    const last = await store.count(base_id);
    const dropped = lostIn(end.stderr);
    return {
      sent: app.sent(),
      stored,
      spooled,
      dropped,
      storedInTheEnd: last.stored,
      twice: last.twice,
      unaccounted: app.sent() - dropped - (flushed ? last.stored : stored + spooled),
      exitMs: end.exitMs,
      lateMs: app.lateMs(),
      memory: app.memory(),
    };
  } finally {
    await store.up();
    rmSync(place, { recursive: true, force: true });
  }
}

function start(env: NodeJS.ProcessEnv, base_id: string) {
  const args = ['--import', preload, join(projectFolder, 'test/faults/app.cjs')];
  const numbers = [base_id, String(turns * pointsPerTurn), String(pointsPerTurn)];
  // Node takes as many descriptors as the system lets it.
  const limited = ['-c', `ulimit -n ${descriptors}; exec "$@"`, 'sh', process.execPath];
  const child = spawn('sh', [...limited, ...args, ...numbers], {
    cwd: projectFolder,
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  }) as ChildProcessByStdio<Writable, Readable, Readable>;
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const closed = once(child, 'close');
  const sent = (): number =>
    Math.max(0, ...[...stdout.matchAll(/^(\d+)\n/gm)].map(([, count]) => Number(count)));
  const numberAfter = (word: string): number | undefined => {
    const [, number] = new RegExp(`^${word} (.+)$`, 'm').exec(stdout) ?? [];
    return number === undefined ? undefined : Number(number);
  };
  return {
    sent,
    lateMs: () => numberAfter('late'),
    memory: () => numberAfter('memory'),
    async tell(line: string) {
      const done = `did ${line.split(' ')[0]}\n`;
      const count = stdout.split(done).length;
      child.stdin.write(`${line}\n`);
      while (stdout.split(done).length === count) {
        if (child.exitCode !== null) throw new Error(`the application ended early: ${stderr}`);
        await delay(5);
      }
    },
    async reached(count: number) {
      while (sent() < count) {
        if (child.exitCode !== null) throw new Error(`the application ended early: ${stderr}`);
        await delay(5);
      }
    },
    kill: () => child.kill('SIGKILL'),
    async end() {
      const startedAt = performance.now();
      child.stdin.on('error', () => {}).end();
      await closed;
      return { exitMs: performance.now() - startedAt, stderr };
    },
  };
}

/** @returns whether all that was spooled is stored now */
async function flush(env: NodeJS.ProcessEnv): Promise<boolean> {
  const child = spawn(process.execPath, [join(agentFolder, 'dist/src/cli/main.js'), 'flush'], {
    env,
    stdio: 'ignore',
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0;
}

function lostIn(stderr: string): number {
  const counts = [...stderr.matchAll(/^ostrace: (\d+) events? (?:was|were) lost: /gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
