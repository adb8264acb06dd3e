import { connect } from 'node:net';
import { join } from 'node:path';

import { findPrograms } from './scratch.js';
import type { Kind, Server } from './service.js';

export const nats: Kind = {
  name: 'NATS',
  variables: ['NATS_URL'],
  debianPackage: 'nats-server',
  accounts: ['nats', 'nobody'],

  existing() {
    const named = process.env['NATS_URL'] || undefined;
    return { isNamed: named !== undefined, servers: [serverAt(named ?? 'nats://127.0.0.1:4222')] };
  },

  own: (port) => serverAt(`nats://127.0.0.1:${port}`),

  programs: () => findPrograms(['nats-server']),

  async start(scratch, [program = ''], isUp) {
    const args = ['--addr', '127.0.0.1', '--port', String(scratch.port)];
    const store = ['--jetstream', '--store_dir', join(scratch.folder, 'jetstream')];
    await scratch.start(program, [...args, ...store], 'SIGTERM', isUp);
  },
};

/** A server has no places: the tests' subjects and streams have names of their own, and go away with them. */
function serverAt(given: string): Server {
  const url = new URL(given);
  return {
    label: url.host,
    reach: () => greets(url),
    createPlace: async () => ({
      label: 'subjects of their own',
      env: { NATS_URL: given },
      remove: async () => {},
    }),
  };
}

/** Rejects where no NATS with JetStream answers: it introduces itself at once. */
async function greets({ hostname, port }: URL): Promise<void> {
  const socket = connect(Number(port || 4222), hostname);
  socket.setTimeout(5000, () => socket.destroy(new Error(`no answer from ${hostname}:${port}`)));
  let greeting = '';
  for await (const data of socket) {
    greeting += String(data);
    if (greeting.includes('\r\n')) break;
  }
  const [, info = 'null'] = /^INFO (\{.*\})/.exec(greeting) ?? [];
  if ((JSON.parse(info) as { jetstream?: boolean } | null)?.jetstream !== true) {
    throw new Error('what answers is no NATS with JetStream');
  }
}
