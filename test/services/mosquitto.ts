import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { findPrograms } from './scratch.js';
import type { Kind, Server } from './service.js';

export const mosquitto: Kind = {
  name: 'Mosquitto',
  variables: ['MQTT_URL'],
  debianPackage: 'mosquitto',
  accounts: ['mosquitto', 'nobody'],

  existing() {
    const named = process.env['MQTT_URL'] || undefined;
    return { isNamed: named !== undefined, servers: [serverAt(named ?? 'mqtt://127.0.0.1:1883')] };
  },

  own: (port) => serverAt(`mqtt://127.0.0.1:${port}`),

  programs: () => findPrograms(['mosquitto'], ['/usr/sbin']),

  async start(scratch, [program = ''], isUp) {
    const config = join(scratch.folder, 'mosquitto.conf');
    const settings = [`listener ${scratch.port} 127.0.0.1`, 'allow_anonymous true', 'persistence false'];
    writeFileSync(config, `${settings.join('\n')}\n`, { mode: 0o644 });
    await scratch.start(program, ['-c', config], 'SIGTERM', isUp);
  },
};

/** A server has no places: the tests' topics have names of their own. */
function serverAt(given: string): Server {
  const url = new URL(given);
  return {
    label: url.host,
    reach: () => answers(url),
    createPlace: async () => ({
      label: 'topics of their own',
      env: { MQTT_URL: given },
      remove: async () => {},
    }),
  };
}

/** The first packet of an MQTT 5 client without a name. */
const hello = Buffer.from('100d00044d5154540502003c000000', 'hex');
const helloAnswer = 0x20;

/** Rejects where no MQTT 5 answers. */
async function answers({ hostname, port }: URL): Promise<void> {
  const socket = connect(Number(port || 1883), hostname);
  socket.setTimeout(5000, () => socket.destroy(new Error(`no answer from ${hostname}:${port}`)));
  socket.write(hello);
  for await (const data of socket) {
    if ((data as Buffer)[0] === helloAnswer) return;
    break;
  }
  throw new Error('what answers is no MQTT 5');
}
