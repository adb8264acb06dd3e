import { mariadb } from './mariadb.js';
import { postgresql } from './postgresql.js';
import { rabbitmq } from './rabbitmq.js';
import { redis } from './redis.js';
import { type Service, provide } from './service.js';

/**
 * Brings up all servers that the tests need, one after the other.
 *
 * @param isInterrupted asked after each: then the others are not started
 * @returns one service whose release releases all
 */
export async function provideAll(isInterrupted: () => boolean = () => false): Promise<Service> {
  const services: Service[] = [];
  const release = async (): Promise<void> => {
    const outcomes = await Promise.allSettled(services.map((service) => service.release()));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  };
  try {
    for (const kind of [postgresql, mariadb, redis, rabbitmq]) {
      if (!isInterrupted()) services.push(await provide(kind));
    }
  } catch (error) {
    await release();
    throw error;
  }
  return { env: Object.assign({}, ...services.map((service) => service.env)) as Service['env'], release };
}
