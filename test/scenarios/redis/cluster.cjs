// Asks a cluster of Redis by `ioredis` or `redis`, the first argument; the ports of its two nodes follow. Each way of
// asking is a point of its own.
const { profiler } = require('ostrace');
const { createClient } = require('redis');

const [library, ...ports] = process.argv.slice(2);
const nodes = ports.map((port) => ({ host: '127.0.0.1', port: Number(port) }));

/** The same, by either library. */
async function open() {
  if (library === 'ioredis') {
    const { Cluster } = require('ioredis');
    const cluster = new Cluster(nodes.slice(0, 1));
    return {
      get: (key) => cluster.get(key),
      pipeline: (key) => cluster.pipeline().get(key).incr(key).exec(),
      transaction: (key) => cluster.multi().get(key).incr(key).exec(),
      close: () => cluster.disconnect(),
    };
  }
  const { createCluster } = require('redis');
  const cluster = createCluster({ rootNodes: nodes.slice(0, 1).map((socket) => ({ socket })) });
  await cluster.connect();
  return {
    get: (key) => cluster.get(key),
    pipeline: (key) => cluster.multi().get(key).incr(key).execAsPipeline(),
    transaction: (key) => cluster.multi().get(key).incr(key).exec(),
    close: () => cluster.destroy(),
  };
}

/** Makes one of the nodes serve a key. */
const move = (key, to) =>
  profiler.trace('moving', async () => {
    const clients = await Promise.all(nodes.map((socket) => createClient({ socket }).connect()));
    const slot = await clients[0].clusterKeySlot(key);
    const id = await clients[to].sendCommand(['CLUSTER', 'MYID']);
    for (const client of clients) await client.sendCommand(['CLUSTER', 'SETSLOT', `${slot}`, 'NODE', id]);
    for (const client of clients) client.destroy();
  });

async function main() {
  const results = {};
  const way = async (name, body) => (results[name] = await profiler.trace(name, body));
  await move('a-moved', 0);
  const its = await open();
  // One is served by the first node, the other by the second.
  await way('alone', async () => [await its.get('a'), await its.get('b')]);
  await way('at once', () => Promise.all([its.get('a'), its.get('b')]));
  await way('pipeline', () => its.pipeline('a'));
  await way('transaction', () => its.transaction('b'));
  await move('a-moved', 1);
  await way('moved', () => its.get('a-moved'));
  await way('known to be moved', () => its.get('a-moved'));
  its.close();
  console.log(JSON.stringify(results));
}

void main();
