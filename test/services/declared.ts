// Loaded before each test file of a run (`--require`): what the file declares to need is where the run has brought
// it up; what it does not declare is nowhere, so that a declaration that lacks something fails its test.
import { join, relative, resolve } from 'node:path';

import { type Need, declaredNeeds, readSource } from '../needs.js';
import type { Services } from './all.js';

const folder = resolve(__dirname, '..');
/** Nobody listens on port 1. */
const nowhere = {
  TEST_AGENT: join(folder, 'not declared by the test file: the agent'),
  PGHOST: '127.0.0.1',
  PGPORT: '1',
  MYSQL_HOST: '127.0.0.1',
  MYSQL_PORT: '1',
  REDIS_URL: 'redis://127.0.0.1:1/',
  AMQP_URL: 'amqp://127.0.0.1:1/',
  AMQP_FAULTS_URL: 'amqp://127.0.0.1:1/',
  KAFKA_BROKERS: '127.0.0.1:1',
  NATS_URL: 'nats://127.0.0.1:1',
  MQTT_URL: 'mqtt://127.0.0.1:1',
  CHROMIUM: join(folder, 'not declared by the test file: Chromium'),
};

/** Node's test runner is given the same flags, but only what it starts is told that it is a test file. */
const { TEST_GIVEN: text, NODE_TEST_CONTEXT: context } = process.env;
if (text !== undefined && context !== undefined) {
  delete process.env['TEST_GIVEN'];
  const given = JSON.parse(text) as Services['given'];
  const file = relative(folder, process.argv[1]!).replace(/\.js$/, '.ts');
  const declared: readonly Need[] = [...declaredNeeds(readSource(file) ?? '')];
  Object.assign(process.env, nowhere, ...declared.map((need) => given[need]));
}
