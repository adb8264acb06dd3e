// Sends and handles messages in the styles that every supported mqtt has; prints what came back. Each style is a point of
// its own, and so is what a listener or a callback does: it shows where that ran.
const { profiler } = require('ostrace');

module.exports = async function calls({ mqtt }) {
  const results = {};
  const style = async (name, body) => {
    results[name] = await profiler.trace(name, async () => {
      try {
        return await body();
      } catch (error) {
        return `${error.constructor.name} ${error.message}`;
      }
    });
  };
  const here = (name, value) => profiler.trace(name, () => value);
  const topic = `ostrace-test/${process.pid}`;
  const later = () => new Promise((resolve) => setTimeout(resolve, 5));
  const client = await mqtt.connectAsync(process.env.MQTT_URL, { protocolVersion: 5 });
  const old = await mqtt.connectAsync(process.env.MQTT_URL, { protocolVersion: 4 });
  await client.subscribeAsync(`${topic}/#`, { qos: 2 });
  await old.subscribeAsync(`${topic}/#`, { qos: 2 });

  /** What both clients get next. */
  const next = (handle = () => here('handled')) =>
    Promise.all(
      [client, old].map(
        (each) =>
          new Promise((resolve) => {
            each.once('message', async (its, payload, packet) => {
              handle();
              await later();
              here('still');
              const { own } = packet.properties?.userProperties ?? {};
              resolve([its.slice(topic.length), String(payload), packet.qos, own]);
            });
          }),
      ),
    );
  const asked = (start) =>
    new Promise((resolve, reject) => {
      start((error, packet) => here('callback', error ? reject(error) : resolve(packet?.cmd)));
    });

  await style('published', async () => {
    const got = next();
    return [client.publish(`${topic}/a`, 'a') === client, await got];
  });
  for (const qos of [0, 1, 2]) {
    await style(`quality ${qos}`, async () => {
      const got = next();
      return [await asked((done) => client.publish(topic, 'a', { qos }, done)), await got];
    });
  }
  await style('a callback alone', async () => {
    const got = next();
    return [await asked((done) => client.publish(topic, 'a', done)), await got];
  });
  await style('by promise', async () => {
    const got = next();
    return [(await client.publishAsync(topic, 'a', { qos: 1 }))?.cmd, await got];
  });
  const userProperties = Object.freeze({ own: Object.freeze(['a', 'b']) });
  const properties = Object.freeze({ userProperties, contentType: 'text' });
  const options = Object.freeze({ qos: 1, properties });
  await style('properties', async () => {
    const got = next();
    await client.publishAsync(topic, Buffer.from('a'), options);
    return got;
  });
  await style('wrong properties', () => client.publishAsync(topic, 'a', { properties: null }));
  await style('MQTT 3', async () => {
    const got = next();
    return [(await old.publishAsync(topic, 'a', { qos: 1 }))?.cmd, await got];
  });
  await style('two listeners', async () => {
    const got = next();
    client.once('message', () => here('other listener'));
    client.publish(topic, 'a');
    return got;
  });

  await client.endAsync();
  await style('sent when closed', () => client.publishAsync(topic, 'a'));
  await style('sent when closed without a callback', () => client.publish(topic, 'a') === client);
  await old.endAsync();
  process.stdout.write(JSON.stringify(results));
};
