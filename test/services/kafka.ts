// Brokers of Kafka: those that KAFKA_BROKERS names, or a mock cluster of librdkafka, which speaks the protocol and keeps
// messages in memory.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { installPackages } from './debian.js';
import { say } from './say.js';
import { createScratch } from './scratch.js';
import type { Service } from './service.js';

/** Debian's, which sees Debian's packages. */
const python = '/usr/bin/python3';
const debianPackage = 'python3-confluent-kafka';
const program = resolve(__dirname, '../../../test/services/kafka.py');

/** Gives brokers for as long as the tests run. */
export async function provideKafka(): Promise<Service> {
  const { KAFKA_BROKERS: named } = process.env;
  if (named !== undefined && named !== '' && process.env['TEST_OWN_SERVERS'] !== '1') {
    say(`Kafka at ${named}`);
    return { env: { KAFKA_BROKERS: named }, release: async () => {} };
  }
  if (!isInstalled()) await installPackages('a mock cluster of Kafka', [debianPackage]);
  if (!isInstalled()) {
    throw new Error(
      `the tests need Kafka: install librdkafka's mock cluster (Debian: apt-get install ${debianPackage}), or name brokers by KAFKA_BROKERS`,
    );
  }
  const scratch = await createScratch(['nobody']);
  const file = join(scratch.folder, 'brokers');
  let brokers = '';
  try {
    await scratch.start(python, [program, file], 'SIGTERM', async () => {
      brokers = readFileSync(file, 'ascii');
    });
  } catch (error) {
    await scratch.remove();
    throw error;
  }
  say(`Kafka at ${brokers} (a mock cluster of our own)`);
  return { env: { KAFKA_BROKERS: brokers }, release: () => scratch.remove() };
}

const isInstalled = (): boolean => spawnSync(python, ['-c', 'import confluent_kafka']).status === 0;
