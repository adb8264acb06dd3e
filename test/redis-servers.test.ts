// Redis with passwords, limits, TLS and sentinels: servers of the tests' own.
// needs: redis
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';

import type { Driver, DriverError } from '../src/drivers/driver.js';
import { newId } from '../src/trace/ids.js';
import { makeCertificate } from './fixtures/certificate.js';
import { open } from './fixtures/drivers.js';
import { shopTrace } from './fixtures/events.js';
import { linesOf } from './fixtures/lines.js';
import { startRedis, untilAnswer } from './fixtures/redis-server.js';
import { scratch } from './scenario.js';
import { withRedis } from './services/redis.js';

function opened(t: TestContext, url: string): Driver {
  const driver = open(url);
  t.after(() => driver.close());
  return driver;
}

/** What the driver says when it writes, and when it is asked whether it could. */
async function refusal(driver: Driver): Promise<DriverError> {
  const [written, checked] = await Promise.allSettled([
    (async () => driver.write(linesOf(shopTrace(newId()))))(),
    driver.check(),
  ]);
  assert.ok(written.status === 'rejected' && checked.status === 'rejected');
  assert.equal((checked.reason as DriverError).message, (written.reason as DriverError).message);
  return written.reason as DriverError;
}

async function storesAndReads(driver: Driver): Promise<void> {
  const base_id = newId();
  const events = shopTrace(base_id);
  await driver.write(linesOf(events));
  assert.deepEqual((await driver.read(base_id))?.events.toReversed(), events);
  assert.deepEqual(
    (await driver.list()).map((trace) => trace.base_id),
    [base_id],
  );
}

test('rediss:// where no TLS is spoken is named in words, not in those of OpenSSL', async (t) => {
  const server = createServer((socket) => socket.end('-ERR unknown command\r\n')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { message } = await refusal(
    opened(t, `rediss://127.0.0.1:${(server.address() as AddressInfo).port}/`),
  );
  assert.match(
    message,
    /cannot be reached: the server does not speak TLS there; check the scheme and the port$/,
  );
});

test('users and passwords may have any characters; wrong ones are named without being shown', async (t) => {
  const server = await startRedis(t, [
    'requirepass "p@ss:w/r d%"',
    'user écrit on >geheim ~osprofiler* +@all',
  ]);
  const password = encodeURIComponent('p@ss:w/r d%');
  await storesAndReads(opened(t, `redis://:${password}@127.0.0.1:${server.port}/3`));
  // The password of a user without a name, whose name was left out of a template.
  await storesAndReads(opened(t, `redis://:${password}@127.0.0.1:${server.port}/5?username=`));
  await storesAndReads(opened(t, `redis://%C3%A9crit:geheim@127.0.0.1:${server.port}/4`));
  const at = `Redis at 127.0.0.1:${server.port}`;
  assert.equal(
    (await refusal(opened(t, `redis://127.0.0.1:${server.port}`))).message,
    `${at} wants a password: put it before the host in the connection string, as in redis://:password@host`,
  );
  for (const user of [':falsch', 'nobody:falsch']) {
    const error = await refusal(opened(t, `redis://${user}@127.0.0.1:${server.port}`));
    assert.equal(error.message, `${at} refuses the user or the password that the connection string has`);
    assert.equal(error.isCertain, true);
  }
});

test('a user who may not write is told so, and nothing is left in the store', async (t) => {
  const server = await startRedis(t, ['user reader on >r ~* +@read +multi +exec +select +client +scan']);
  const error = await refusal(opened(t, `redis://reader:r@127.0.0.1:${server.port}`));
  assert.match(error.message, /NOPERM/);
  assert.equal(error.isCertain, true);
  await withRedis(`redis://127.0.0.1:${server.port}`, async (client) =>
    assert.equal(await client.dbSize(), 0),
  );
});

test('a server that is full, and a replica, say what to do, and store nothing', async (t) => {
  const full = await startRedis(t, ['maxmemory 100kb']);
  assert.match((await refusal(opened(t, `redis://127.0.0.1:${full.port}`))).message, /OSTRACE_KEEP_FOR/);
  const replica = await startRedis(t, [`replicaof 127.0.0.1 ${full.port}`]);
  const error = await refusal(opened(t, `redis://127.0.0.1:${replica.port}`));
  assert.match(error.message, /is a replica, which takes no events/);
  assert.equal(error.isCertain, true);
});

test('a server that has no room for one more client says so, with certainty', async (t) => {
  const server = await startRedis(t, ['maxclients 1']);
  const other = connect(server.port, '127.0.0.1');
  t.after(() => other.destroy());
  await once(other, 'connect');
  for (const database of [0, 1]) {
    const error = await refusal(opened(t, `redis://127.0.0.1:${server.port}/${database}`));
    assert.match(error.message, /answered: ERR max number of clients reached$/);
    assert.equal(error.isCertain, true);
  }
});

test('TLS: the certificate is verified, by an authority that can be named', async (t) => {
  const { cert, key } = makeCertificate(scratch(t));
  const server = await startRedis(t, [
    'port 0',
    'tls-port PORT',
    `tls-cert-file ${cert}`,
    `tls-key-file ${key}`,
    'tls-auth-clients no',
  ]);
  for (const host of ['127.0.0.1', 'localhost']) {
    await opened(t, `rediss://${host}:${server.port}/?ssl_ca_certs=${encodeURIComponent(cert)}`).check();
  }
  await storesAndReads(opened(t, `rediss://127.0.0.1:${server.port}/?ssl_cert_reqs=none`));
  const error = await refusal(opened(t, `rediss://127.0.0.1:${server.port}/`));
  assert.match(error.message, /cannot be reached: self-signed certificate/);
  await assert.rejects(opened(t, `redis://127.0.0.1:${server.port}/`).check(), { name: 'DriverError' });
});

test(
  'sentinels: events go to the master, and to its successor when it dies',
  { timeout: 60_000 },
  async (t) => {
    const secret = ['requirepass secret', 'masterauth secret'];
    const master = await startRedis(t, secret);
    const replica = await startRedis(t, [...secret, `replicaof 127.0.0.1 ${master.port}`]);
    const sentinel = await startRedis(
      t,
      [
        `sentinel monitor traces 127.0.0.1 ${master.port} 1`,
        'sentinel auth-pass traces secret',
        'sentinel down-after-milliseconds traces 2000',
        'sentinel failover-timeout traces 6000',
      ],
      true,
    );
    // A sentinel that is gone is passed over.
    const url = `redissentinel://:secret@127.0.0.1:1,127.0.0.1:${sentinel.port}/2`;
    const driver = opened(t, `${url}?sentinel_service_name=traces`);
    await storesAndReads(driver);
    await assert.rejects(opened(t, url).check(), {
      message:
        /^no sentinel gave the master's address: .*ECONNREFUSED.*; Redis at .* knows no master named "mymaster"; set sentinel_service_name in the connection string$/,
    });

    await untilAnswer(
      sentinel.port,
      ['SENTINEL', 'replicas', 'traces'],
      (reply) => reply.includes('"master-link-status","ok"') || reply.includes('"master-link-status":"ok"'),
    );
    await master.kill();
    await assert.rejects(async () => driver.write(linesOf(shopTrace(newId()))), { name: 'DriverError' });
    await untilAnswer(sentinel.port, ['SENTINEL', 'get-master-addr-by-name', 'traces'], (reply) =>
      reply.includes(`"${replica.port}"`),
    );
    const base_id = newId();
    await driver.write(linesOf(shopTrace(base_id)));
    assert.equal((await driver.read(base_id))?.events.length, shopTrace().length);
    assert.match(await driver.check(), new RegExp(`:${replica.port}$`));
  },
);
