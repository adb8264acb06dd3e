// Brings up what test files need.
import { type Need, needs } from '../needs.js';
import { packAgent } from '../packed-agent.js';
import { provideChromium } from './chromium.js';
import { provideInfluxdb } from './influxdb.js';
import { provideKafka } from './kafka.js';
import { mariadb } from './mariadb.js';
import { provideOsprofiler } from './osprofiler.js';
import { mosquitto } from './mosquitto.js';
import { nats } from './nats.js';
import { postgresql } from './postgresql.js';
import { rabbitmq } from './rabbitmq.js';
import { redis } from './redis.js';
import { type Service, provide } from './service.js';

const nothing = async (): Promise<Service> => ({ env: {}, release: async () => {} });

/** What is only looked for, and stays. */
async function installed(provided: Promise<unknown>): Promise<Service> {
  await provided;
  return nothing();
}

const providers: Readonly<Record<Need, () => Promise<Service>>> = {
  async agent() {
    const { folder, remove } = packAgent();
    return { env: { TEST_AGENT: folder }, release: async () => remove() };
  },
  // Each test installs what it is about.
  packages: nothing,
  osprofiler: () => installed(provideOsprofiler()),
  influxdb: () => installed(provideInfluxdb()),
  postgresql: () => provide(postgresql),
  mariadb: () => provide(mariadb),
  redis: () => provide(redis),
  rabbitmq: () => provide(rabbitmq),
  kafka: provideKafka,
  nats: () => provide(nats),
  mosquitto: () => provide(mosquitto),
  chromium: provideChromium,
  time: nothing,
};

/** Everything that was asked for. */
export interface Services {
  /** Where each of it is, as environment variables. */
  readonly given: Readonly<Partial<Record<Need, Service['env']>>>;
  /** Releases all of it. */
  release(): Promise<void>;
}

/**
 * Brings up what is needed, one after the other.
 *
 * @param isInterrupted asked before each: then the others are not brought up
 */
export async function provideAll(
  wanted: Iterable<Need>,
  isInterrupted: () => boolean = () => false,
): Promise<Services> {
  const isWanted = new Set(wanted);
  const services = new Map<Need, Service>();
  const release = async (): Promise<void> => {
    const outcomes = await Promise.allSettled([...services.values()].map((service) => service.release()));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  };
  try {
    for (const need of needs) {
      if (isWanted.has(need) && !isInterrupted()) services.set(need, await providers[need]());
    }
  } catch (error) {
    await release();
    throw error;
  }
  return { given: Object.fromEntries([...services].map(([need, { env }]) => [need, env])), release };
}
