// A message of mqtt, quality of service 0, over a connection that is not real.
import type * as Mqtt from 'mqtt';

import { type Asked, type Batch, type Kind, load, quietSocket } from '../kind.js';

// "The connection is accepted": a CONNACK of two bytes.
const accepted = Buffer.from([0x20, 2, 0, 0]);
const connecting = 0x10;

export const mqtt: Kind = {
  name: 'mqtt: a message',
  count: 100,
  points: 1,
  async open() {
    const { MqttClient } = load<typeof Mqtt>('mqtt');
    let isAccepted = false;
    const socket = quietSocket((written) => {
      if (isAccepted || written[0] !== connecting) return undefined;
      isAccepted = true;
      return accepted;
    });
    const client = new MqttClient(() => socket, { keepalive: 0, host: 'mqtt.shop', reconnectPeriod: 0 });
    await new Promise((connected) => client.connect().once('connect', connected));
    return ({ count }: Asked): Batch =>
      () =>
        new Promise((resolve, reject) => {
          let left = count;
          const sent = (error?: Error | null): void => {
            if (error) reject(error);
            else if (--left === 0) resolve();
          };
          for (let i = 0; i < count; i++) client.publish('orders', '{"order":42}', sent);
        });
  },
};
