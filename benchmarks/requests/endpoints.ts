/** The requests of the load, and the answers that are expected. */
export interface Endpoint {
  readonly path: string;
  readonly what: string;
  readonly answer: string;
  /** The number of requests in a batch: about 50 ms of CPU or more. */
  readonly requests: number;
  /** The points of ostrace below the request's own. */
  readonly points: number;
  /** The spans that every peer makes at least, below the request's own. */
  readonly spans: number;
  /**
   * Whether threads end while it is measured: the kernel then keeps their time only in that of the whole process.
   */
  readonly endsThreads?: true;
  /** The endpoint takes part in every so many rounds; in each round by default. */
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
  { path: '/redis', what: 'a Redis GET', answer: '1', requests: 1000, points: 1, spans: 1 },
  { path: '/grpc', what: 'a gRPC call', answer: '1', requests: 400, points: 1, spans: 1 },
  { path: '/publish', what: 'an AMQP message', answer: '1', requests: 600, points: 1, spans: 1 },
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

/** The endpoint whose code takes V8 longest to compile. */
export const warmUpEndpoint = endpoints[2]!;
