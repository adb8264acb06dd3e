/** What the load asks for, and what it takes for an answer. */
export interface Endpoint {
  readonly path: string;
  readonly what: string;
  readonly answer: string;
  /** Requests in a batch: some 50 ms of CPU and more. */
  readonly requests: number;
  /** The points of ostrace below the request's own. */
  readonly points: number;
  /** The spans that every peer makes at least, below the request's own. */
  readonly spans: number;
  /** Threads end while it is measured: the kernel keeps what they used in the whole process's time alone. */
  readonly endsThreads?: true;
  /** In every so many rounds; in each when not given. */
  readonly every?: number;
  /** `minimal.cjs` knows the points below the request's own. */
  readonly hasMinimal?: true;
}

export const endpoints: readonly Endpoint[] = [
  { path: '/ping', what: '`/ping`', answer: '0', requests: 2500, points: 0, spans: 0, hasMinimal: true },
  {
    path: '/queries/1',
    what: 'one query',
    answer: '1',
    requests: 1000,
    points: 1,
    spans: 1,
    hasMinimal: true,
  },
  {
    path: '/queries/20',
    what: 'twenty queries',
    answer: '20',
    requests: 150,
    points: 20,
    spans: 20,
    hasMinimal: true,
  },
  { path: '/mysql', what: 'one mysql2 query', answer: '1', requests: 800, points: 1, spans: 1 },
  { path: '/outgoing', what: 'an outgoing request', answer: '1', requests: 600, points: 1, spans: 1 },
  { path: '/command', what: 'a command', answer: '0', requests: 40, points: 1, spans: 0 },
  // The thread, and what runs in it.
  {
    path: '/worker',
    what: 'a worker',
    answer: '0',
    requests: 4,
    points: 2,
    spans: 0,
    endsThreads: true,
    every: 6,
  },
];

/** The one whose code takes longest until V8 has compiled it. */
export const warmUpEndpoint = endpoints[2]!;
