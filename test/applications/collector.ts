import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** How often a name was recorded. */
export type Counts = Readonly<Record<string, number>>;

/** What other agents send their records to: it counts what they recorded. */
export interface Collector {
  readonly url: string;
  /** What has been recorded since the last call, by name. */
  take(): Counts;
  close(): void;
}

/** The names of dd-trace's operations, as they stand in its binary format. */
const operations = /pg\.query|mysql\.query|web\.request|http\.request|tcp\.connect|command_execution/g;

interface Traces {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly { readonly name: string }[] }[];
  }[];
}

export async function openCollector(): Promise<Collector> {
  let counts: Record<string, number> = {};
  const count = (names: readonly string[]): void => {
    for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  };
  const server: Server = createServer((request, response) => {
    void buffer(request).then((body) => {
      if (request.url === '/v1/traces') {
        const { resourceSpans } = JSON.parse(body.toString()) as Traces;
        const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans).flatMap((scope) => scope.spans);
        count(spans.map(({ name }) => name));
      } else if (/^\/v0\.\d\/traces$/.test(request.url ?? '')) {
        count(body.toString('latin1').match(operations) ?? []);
      }
      response.setHeader('content-type', 'application/json').end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the collector has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    take() {
      const taken = Object.fromEntries(Object.entries(counts).toSorted(([a], [b]) => a.localeCompare(b)));
      counts = {};
      return taken;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
