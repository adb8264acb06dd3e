// MQTT by `mqtt` 5: an `rpc` point for each message that is published, and for each that the client's listeners handle. Only
// MQTT 5 has properties for what a message carries.
import type { Socket } from 'node:net';

import { lastCallback, unobserved } from '../src/hooks/calls/ends.js';
import { calleesByName } from '../src/hooks/targets/callees.js';
import { type Callee, type RpcCall, type RpcDelivery, rpc } from '../src/hooks/targets/rpc.js';
import { infoHeader, infoName } from '../src/trace/headers.js';

const to = calleesByName();
const unnamed: Callee = {};

interface Client {
  readonly connected?: unknown;
  readonly stream?: Socket;
  readonly options?: { readonly protocolVersion?: unknown };
}
interface Packet {
  readonly properties?: { readonly userProperties?: Readonly<Record<string, unknown>> };
}

/** False if the application gives what the client refuses: it must get its error. */
function propertiesIn(options: unknown): Readonly<Record<string, unknown>> | undefined | false {
  const { properties } = Object(options) as { readonly properties?: unknown };
  const { userProperties } = Object(properties) as { readonly userProperties?: unknown };
  const isUsual = [options, properties, userProperties].every(
    (each) => each === undefined || (typeof each === 'object' && each !== null),
  );
  return isUsual && (userProperties as Readonly<Record<string, unknown>> | undefined);
}

const publish: RpcCall = {
  kind: 'producer',
  callee: ([topic]) => (typeof topic === 'string' ? to(topic) : unnamed),
  carries: {
    // A message that is queued without a connection goes to whoever is connected later.
    socket: ({ connected, stream }: Client) => (connected === true ? stream : undefined),
    headers: (args, { options }: Client) =>
      options?.protocolVersion === 5 && propertiesIn(typeof args[2] === 'function' ? undefined : args[2]),
    inject(args, userProperties) {
      const options = typeof args[2] === 'function' ? undefined : (args[2] as Packet | null | undefined);
      const given = { ...options, properties: { ...options?.properties, userProperties } };
      args.splice(2, typeof args[2] === 'function' ? 0 : 1, given);
    },
  },
  // With a callback, a broker has the message; else it is only known that it was handed over to be sent.
  ends: [lastCallback, unobserved],
};

const emit: RpcDelivery = {
  delivers: true,
  callee: ([event, topic]) => (event === 'message' ? to(String(topic)) : undefined),
  kindOf: () => 'consumer',
  receivedIn(_client, event, _topic, _payload, packet) {
    if (event !== 'message') return undefined;
    const properties = (packet as Packet | undefined)?.properties?.userProperties;
    return properties?.[infoName] === undefined && properties?.[infoHeader] === undefined
      ? undefined
      : properties;
  },
  ends: () => false,
};

export const mqtt = rpc({
  library: 'mqtt',
  system: 'mqtt',
  files: [
    {
      file: 'mqtt/build/lib/client',
      class: (exports) => (exports as { default?: unknown }).default,
      methods: { publish, emit },
    },
  ],
});
