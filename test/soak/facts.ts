import type { SoakOptions, SoakResult, State } from './soak.js';

// What a heap differs by with nothing leaked: compiled code, and the runtime's own caches.
const noiseBytes = 1024 * 1024;
const connections = 8;

/** Each of the things that must be so after any number of requests, with what was seen where it is not. */
export function failuresOf({ traced, untraced }: SoakOptions, result: SoakResult): string[] {
  const { states, answers, events, lost, spooled, stderr, code, signal } = result;
  const [before, first, last] = [states[0]!, states[1]!, states.at(-1)!];
  const failures: string[] = [];
  const expect = (isSo: boolean, what: string, seen: unknown): void => {
    if (!isSo) failures.push(`${what}: ${JSON.stringify(seen)}`);
  };
  expect(answers === traced + untraced + connections, 'each request was answered', answers);
  expect(last.served === answers, 'the server saw each request', last.served);
  expect(last.traced === traced, 'each signed request was traced, and no other', last.traced);
  const { start, stop, other } = events;
  const unstored = 2 * traced - start - stop;
  // A part of the spooled and lost events may be such notes.
  const isAccounted = spooled + lost === 0 ? unstored === 0 : unstored >= 0 && unstored <= spooled + lost;
  expect(isAccounted && other === 0, 'each event was stored or spooled, or reported as lost', [
    events,
    spooled,
    lost,
  ]);
  expect(isOnlyOfLost(stderr), 'nothing else was said', stderr);
  for (const state of states) {
    expect(state.live === 0, 'no trace is live', state.live);
    expect(!state.enabled, 'the storage is disabled', state.enabled);
    expect(
      isSame(state.listeners, before.listeners),
      'connections have the listeners that they had',
      state.listeners,
    );
    expect(
      state.processListeners === before.processListeners,
      'and so has the process',
      state.processListeners,
    );
    expect(isSame(state.resources, before.resources), 'no handle was left', state.resources);
    expect(missing(state) <= connections, 'requests, responses and contexts were let go', [
      state.registered,
      state.finalized,
    ]);
  }
  for (const kind of ['heapUsed', 'external', 'arrayBuffers'] as const) {
    const grown = last.memory[kind] - first.memory[kind];
    expect(
      grown < noiseBytes,
      `${kind} is flat`,
      states.map(({ memory }) => memory[kind]),
    );
  }
  expect(code === 0 && signal === null, 'the process ends by itself', [code, signal]);
  return failures;
}

/** Most that is left of any kind: a connection may hold on to its last request. */
function missing({ registered, finalized }: State): number {
  const kinds = Object.keys(registered) as (keyof State['registered'])[];
  return Math.max(...kinds.map((kind) => registered[kind] - finalized[kind]));
}

const isSame = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

const isOnlyOfLost = (stderr: string): boolean =>
  stderr
    .split('\n')
    .every((line) => line === '' || /^ostrace: \d+ events (?:were lost: |wait in )/.test(line));
