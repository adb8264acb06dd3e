// Runs a program as a user would, under the built agent, and gives back what came out of it.
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { TestContext } from 'node:test';

import type { Event } from '../src/trace/event.js';
import { newId } from '../src/trace/ids.js';
import { signIds } from '../src/trace/signing.js';

export const key = 'test-key';
export const projectFolder = resolve(__dirname, '../..');

/**
 * The agent that scenarios run under: `npm test` names the packed one, installed as users install it; a
 * single file that is run by hand takes what was built.
 */
export const agentFolder = process.env['TEST_AGENT'] ?? projectFolder;
/** What `ostrace/register` is for `--require`, and for `--import`. */
export const preload = join(agentFolder, 'dist/register.js');
export const modulePreload = join(agentFolder, 'dist/register.mjs');

export interface Run {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /**
   * All events of all traces, in the order of their timestamps, without what differs from run to run: the facts of the
   * loop, what requests waited for, collections of garbage, and handlers that ran for long.
   */
  readonly events: readonly Event[];
  /** The same events with all of that. */
  readonly allEvents: readonly Event[];
  /** What the folder of traces holds. */
  readonly files: readonly string[];
  /** The events that wait in the spool. */
  readonly spooled: readonly Event[];
}

export interface RunOptions {
  /** Added to an environment without any variable of ostrace. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** How the agent is loaded. */
  readonly load?: 'import' | 'require' | 'none';
  readonly nodeArgs?: readonly string[];
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** What the program reads from its standard input. */
  readonly input?: string;
  /**
   * Called when the program has printed its first line; `stored` gives the events that are in the store by then, and
   * `printed` all that the program has printed.
   */
  readonly onReady?: (
    firstLine: string,
    child: ChildProcess,
    stored: () => readonly Event[],
    printed: () => string,
  ) => void | Promise<void>;
}

/** The agent on, with the tests' key. */
export const on = { OSTRACE_ENABLED: 'true', OSTRACE_HMAC_KEYS: key } as const;

/** The file of a scenario. */
export function scenario(name: string): string {
  return join(projectFolder, 'test/scenarios', name);
}

/** A folder that goes away with the test. */
export function scratch(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'ostrace-test-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The environment without ostrace's variables and without what a test runner adds. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('OSTRACE_') && !name.startsWith('NODE_')),
  );
}

/** Runs a file, or code after `-e`, to its end; the store is a folder of the test's own. */
export async function run(test: TestContext, file: string, options: RunOptions = {}): Promise<Run> {
  const folder = scratch(test);
  const store = join(folder, 'traces');
  const { load = 'import', nodeArgs = [], args = [] } = options;
  const loading = { none: [], import: ['--import', modulePreload], require: ['--require', preload] }[load];
  const env = {
    ...cleanEnvironment(),
    OSTRACE_CONNECTION_STRING: `file://${store}`,
    OSTRACE_SERVICE: 'scenario',
    OSTRACE_SPOOL: join(folder, 'spool'),
    // A busy machine may take its time; the tests of the way out choose their own.
    OSTRACE_EXIT_TIMEOUT: '10000',
    // It is installed here for its own tests, and consists of ES modules: all programs would be loaded with the hooks
    // that such packages need.
    OSTRACE_INSTRUMENT_TINYPOOL: 'false',
    ...options.env,
  };
  const child = spawn(process.execPath, [...loading, ...nodeArgs, file, ...args], {
    cwd: options.cwd ?? projectFolder,
    env,
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  }) as ChildProcessByStdio<Writable | null, Readable, Readable>;
  test.after(() => child.kill('SIGKILL'));
  child.stdin?.end(options.input);
  let stdout = '';
  let stderr = '';
  let ready: Promise<void> | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (ready === undefined && stdout.includes('\n')) {
      ready = Promise.resolve(
        options.onReady?.(
          stdout.split('\n')[0]!,
          child,
          () => readStore(store, isWhole).events,
          () => stdout,
        ),
      );
      // A test that fails while the program runs must not wait for it.
      ready.catch(() => child.kill('SIGKILL'));
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((done) =>
    child.on('close', (...end) => done(end)),
  );
  await ready;
  const spooled = readSpool(join(folder, 'spool'));
  return { code, signal, stdout, stderr, ...readStore(store), spooled };
}

/** A process that was killed, or still writes, may have left its last line half written. */
const isWhole = (line: string): boolean => line.endsWith('}');

/** The events in a spool's folders, one for each store. */
export function readSpool(spool: string): readonly Event[] {
  if (!existsSync(spool)) return [];
  return readdirSync(spool).flatMap((store) => readStore(join(spool, store), isWhole).events);
}

function readStore(
  store: string,
  isLine = (line: string) => line !== '',
): Pick<Run, 'events' | 'allEvents' | 'files'> {
  let files: string[];
  try {
    // Without the `.gitignore` of a folder that the agent has made.
    files = readdirSync(store).filter((name) => !name.startsWith('.'));
  } catch {
    return { events: [], allEvents: [], files: [] };
  }
  const lines = files.flatMap((name) => readFileSync(join(store, name), 'utf8').split('\n'));
  const events = lines.filter(isLine).map((line) => JSON.parse(line) as Event);
  const allEvents = events.toSorted((a, b) => a.timestamp.localeCompare(b.timestamp));
  return { events: allEvents.filter(isLasting).map(withoutTimes), allEvents, files };
}

/** V8 collects garbage when it wants to, and on a busy machine any handler may run for long. */
export const isLasting = ({ name }: Event): boolean => !/^(?:gc|blocked)-/.test(name);

/**
 * An event as a test compares it: what it says of the thread's event loop, who blocked
 * it, and for how long a request waited for its connection, differs from run to run.
 */
export function withoutTimes(event: Event): Event {
  const { loop: _, blocked: _by, ...info } = event.info;
  const { requests } = info;
  if (typeof requests !== 'object' || requests === null) return { ...event, info };
  const lasting = Object.entries(requests).filter(([name]) => !name.startsWith('wait_'));
  const { requests: _too, ...others } = info;
  return {
    ...event,
    info: lasting.length === 0 ? others : { ...info, requests: Object.fromEntries(lasting) },
  };
}

/** Until a program whose output `run` reads has printed a text from now on. */
export function said(child: ChildProcess, text: string): Promise<void> {
  return new Promise((done) => {
    let all = '';
    child.stdout!.on('data', (more: string) => {
      all += more;
      if (all.includes(text)) done();
    });
  });
}

/** Headers that trigger a trace, and its id. */
export function signedHeaders(hmac_key: string = key): { base_id: string; headers: Record<string, string> } {
  const base_id = newId();
  const { info, hmac } = signIds(base_id, base_id, hmac_key);
  return { base_id, headers: { 'X-Trace-Info': info, 'X-Trace-HMAC': hmac } };
}

/** A point as its two events show it. */
export interface SeenPoint {
  readonly name: string;
  readonly start: Event;
  readonly stop: Event | undefined;
  readonly children: readonly SeenPoint[];
}

/**
 * The events of work, without those that count what was left out, which depends on what else the process did, and
 * without collections of garbage, which come when V8 wants to.
 */
function recorded(events: readonly Event[]): readonly Event[] {
  return events.filter((event) => !event.name.startsWith('left_out') && isLasting(event));
}

/**
 * The tree of one trace, checked as it is built: each point starts once and stops once at the most, and no
 * event is left over. What was left out of it is not shown.
 *
 * @param work the events that are shown
 */
export function treeOf(
  events: readonly Event[],
  base_id?: string,
  work: readonly Event[] = recorded(events),
): readonly SeenPoint[] {
  const own = work.filter((event) => base_id === undefined || event.base_id === base_id);
  const points = new Map<
    string,
    { name: string; start: Event; stop: Event | undefined; children: SeenPoint[] }
  >();
  for (const event of own.filter(({ name }) => name.endsWith('-start'))) {
    if (points.has(event.trace_id)) throw new Error(`the point ${event.name} started twice`);
    points.set(event.trace_id, {
      name: event.name.slice(0, -6),
      start: event,
      stop: undefined,
      children: [],
    });
  }
  for (const event of own.filter(({ name }) => name.endsWith('-stop'))) {
    const point = points.get(event.trace_id);
    if (point === undefined) throw new Error(`${event.name} has no start`);
    if (point.stop !== undefined) throw new Error(`${event.name} came twice`);
    point.stop = event;
  }
  const roots: SeenPoint[] = [];
  for (const point of points.values()) {
    (points.get(point.start.parent_id)?.children ?? roots).push(point);
  }
  return roots;
}

/** The names of a tree on one line: `wsgi(db(sql) command)`; unfinished points end in `!`. */
export function shape(points: readonly SeenPoint[]): string {
  return points
    .map(({ name, stop, children }) => {
      const inner = children.length > 0 ? `(${shape(children)})` : '';
      return `${name}${stop === undefined ? '!' : ''}${inner}`;
    })
    .join(' ');
}
