// Jobs over one connection of MQTT. The argument is the version of the protocol.
const mqtt = require('mqtt');

const serve = require('../messages/server.cjs');

const protocolVersion = Number(process.argv[2]);
const topic = `ostrace-test/${process.pid}`;

serve(async (handle) => {
  const client = await mqtt.connectAsync(process.env.MQTT_URL, { protocolVersion });
  client.on('message', (_topic, payload, { properties }) => {
    void handle(String(payload), properties?.userProperties ?? {});
  });
  await client.subscribeAsync(topic);
  return {
    send(id) {
      const properties = { userProperties: { own: id } };
      client.publish(topic, id, protocolVersion === 5 ? { properties } : {});
    },
    end: () => client.endAsync(),
  };
});
