// The kinds of calls whose price is measured.
import type { Kind } from './kind.js';
import { amqplib } from './targets/amqplib.js';
import { bullmq } from './targets/bullmq.js';
import { graphql } from './targets/graphql.js';
import { grpc } from './targets/grpc.js';
import { http, refused } from './targets/http.js';
import { ioredis } from './targets/ioredis.js';
import { kafkajs } from './targets/kafkajs.js';
import { mqtt } from './targets/mqtt.js';
import { mysql2 } from './targets/mysql2.js';
import { byName } from './targets/named.js';
import { nats } from './targets/nats.js';
import { node } from './targets/node.js';
import { pg } from './targets/pg.js';
import { pools } from './targets/pools.js';
import { redis } from './targets/redis.js';
import { routes } from './targets/routes.js';
import { socketIo } from './targets/socket-io.js';
import { ws } from './targets/ws.js';

/** All kinds, in the order of the page. */
export const kinds: readonly Kind[] = [
  ...http,
  ...routes,
  pg,
  mysql2,
  ioredis,
  redis,
  grpc,
  ...amqplib,
  ...nats,
  mqtt,
  kafkajs,
  bullmq,
  ws,
  socketIo,
  ...pools,
  graphql,
  ...node,
  ...byName,
  ...refused,
];

/**
 * The kinds whose names contain one of these texts; all if there is none.
 *
 * @throws if a text is in no name
 */
export function kindsNamed(texts: readonly string[]): readonly Kind[] {
  const isNamed = (kind: Kind, text: string): boolean => kind.name.toLowerCase().includes(text.toLowerCase());
  for (const text of texts) {
    if (kinds.some((kind) => isNamed(kind, text))) continue;
    throw new Error(
      `--only has "${text}"; expected parts of these names: ${kinds.map(({ name }) => name).join('; ')}`,
    );
  }
  return texts.length === 0 ? kinds : kinds.filter((kind) => texts.some((text) => isNamed(kind, text)));
}
