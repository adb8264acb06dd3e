import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { findPrograms, freePort } from './scratch.js';
import { messageOf } from './say.js';
import type { Kind, Server } from './service.js';

const run = promisify(execFile);
/** What a client of AMQP 0-9-1 says first. */
const greeting = Buffer.from('AMQP\0\0\x09\x01', 'latin1');
/** The type of the frame that a server answers with; another version's server answers with its greeting. */
const methodFrame = 1;

export const rabbitmq: Kind = {
  name: 'RabbitMQ',
  variables: ['AMQP_URL'],
  debianPackage: 'rabbitmq-server',
  accounts: ['rabbitmq', 'nobody'],

  existing() {
    const named = process.env['AMQP_URL'] || undefined;
    const url = new URL(named ?? 'amqp://guest:guest@127.0.0.1:5672/');
    return { isNamed: named !== undefined, servers: [sharedServer(url)] };
  },

  own(port) {
    const url = new URL(`amqp://guest:guest@127.0.0.1:${port}/`);
    return {
      label: url.host,
      reach: () => answers(url),
      // All of it is ours.
      createPlace: async () => ({
        label: 'virtual host /',
        env: { AMQP_URL: url.href },
        remove: async () => {},
      }),
    };
  },

  programs() {
    // Debian's program on PATH is a script that wants to be root.
    const server = findPrograms(['rabbitmq-env', 'rabbitmq-server'], ['/usr/lib/rabbitmq/bin']);
    const daemon = findPrograms(['epmd']);
    return server && daemon && [...server, ...daemon];
  },

  async start(scratch, [, server = '', epmd = ''], isUp) {
    const file = (name: string): string => join(scratch.folder, name);
    writeFileSync(file('plugins'), '[].');
    writeFileSync(file('rabbit.conf'), `listeners.tcp.1 = 127.0.0.1:${scratch.port}\nlog.console = true\n`);
    // Erlang would start it in the background, and leave it behind.
    const epmdPort = String(await freePort());
    await scratch.startHelper(epmd, ['-address', '127.0.0.1', '-port', epmdPort]);
    await scratch.start(server, [], 'SIGTERM', isUp, {
      RABBITMQ_NODENAME: `ostrace-test-${scratch.port}@localhost`,
      RABBITMQ_CONFIG_FILE: file('rabbit.conf'),
      RABBITMQ_MNESIA_BASE: file('mnesia'),
      RABBITMQ_LOG_BASE: file('log-files'),
      RABBITMQ_ENABLED_PLUGINS_FILE: file('plugins'),
      RABBITMQ_DIST_PORT: String(await freePort()),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      ERL_EPMD_PORT: epmdPort,
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    });
  },
};

/** A server whose places are virtual hosts, which are made by its own command: clients can't. */
function sharedServer(url: URL): Server {
  const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  const port = Number(url.port || 5672);
  return {
    label: `${user}@${url.host}`,
    async reach() {
      await answers(url);
      const status = await control('status', '--formatter', 'json');
      const { listeners } = JSON.parse(status) as { listeners: readonly { port: number }[] };
      if (!listeners.some((listener) => listener.port === port)) {
        throw new Error(`rabbitmqctl manages a server that does not listen on port ${port}`);
      }
      await control('authenticate_user', user, password);
    },
    async createPlace(name) {
      await control('add_vhost', name);
      await control('set_permissions', '-p', name, user, '.*', '.*', '.*');
      return {
        label: `virtual host ${name}`,
        env: { AMQP_URL: Object.assign(new URL(url), { pathname: `/${name}` }).href },
        async remove() {
          await control('delete_vhost', name);
        },
      };
    },
  };
}

async function control(...args: readonly string[]): Promise<string> {
  const [program] = findPrograms(['rabbitmqctl']) ?? [];
  if (program === undefined) throw new Error('rabbitmqctl, which makes virtual hosts, is not installed');
  try {
    return (await run(program, ['--quiet', ...args], { timeout: 60_000 })).stdout;
  } catch (error) {
    // The error's own message has the arguments, and so the password.
    const { stderr } = error as { stderr?: string };
    const reason =
      stderr
        ?.trim()
        .split(/\s*\n\s*/)
        .join(' ') || messageOf((error as Error).cause);
    throw new Error(`rabbitmqctl ${args[0]} failed: ${reason}`, { cause: error });
  }
}

/** Rejects where no server of AMQP 0-9-1 answers. */
async function answers({ hostname, port }: URL): Promise<void> {
  const socket = connect(Number(port || 5672), hostname);
  socket.setTimeout(5000, () => socket.destroy(new Error(`no answer from ${hostname}:${port}`)));
  try {
    socket.write(greeting);
    for await (const data of socket) {
      if ((data as Buffer)[0] === methodFrame) return;
      break;
    }
    throw new Error('what answers is no RabbitMQ');
  } finally {
    socket.destroy();
  }
}
