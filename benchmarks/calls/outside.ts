// What the calls reach outside of their process: servers, and a service in the benchmark's own process.
import type { NatsConnection } from 'nats';

import { provideKafka } from '../../test/services/kafka.js';
import { nats } from '../../test/services/nats.js';
import { rabbitmq } from '../../test/services/rabbitmq.js';
import { type Service, provide } from '../../test/services/service.js';
import { openUpstream } from '../upstream.js';
import type { Kind, Need } from './kind.js';
import { answered, connect } from './targets/nats.js';

const providers: Readonly<Record<Need, () => Promise<Service>>> = {
  RabbitMQ: () => provide(rabbitmq),
  NATS: () => provide(nats),
  Kafka: provideKafka,
};

/** What is there, as environment variables, and what is not. */
export interface Outside {
  readonly env: Readonly<Record<string, string>>;
  /** Why a server is missing. */
  readonly missing: ReadonlyMap<Need, string>;
  close(): Promise<void>;
}

/** Brings up what these kinds need. A server that is missing is told, and fails nothing. */
export async function openOutside(kinds: readonly Kind[]): Promise<Outside> {
  const upstream = await openUpstream();
  const services: Service[] = [];
  const missing = new Map<Need, string>();
  let env: Record<string, string> = { BENCH_GRPC: upstream.grpc };
  for (const need of new Set(kinds.flatMap(({ needs = [] }) => needs))) {
    try {
      const service = await providers[need]();
      services.push(service);
      env = { ...env, ...service.env };
    } catch (error) {
      missing.set(need, error instanceof Error ? error.message : String(error));
    }
  }
  const { NATS_URL: url } = env;
  const answering = url === undefined ? undefined : await answer(url);
  return {
    env,
    missing,
    async close() {
      upstream.close();
      await Promise.allSettled([answering?.close(), ...services.map((service) => service.release())]);
    },
  };
}

/** Answers the requests of the processes that this one starts. */
async function answer(url: string): Promise<NatsConnection> {
  const connection = await connect(url);
  connection.subscribe(answered(process.pid), { callback: (_error, message) => void message.respond() });
  return connection;
}
