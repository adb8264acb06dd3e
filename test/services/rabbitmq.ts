import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
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
        label: `virtual hosts ${ownHosts.join(' and ')}`,
        env: environment(url, ownHosts),
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
    writeFileSync(file('definitions.json'), JSON.stringify(definitions()));
    const settings = [
      `listeners.tcp.1 = 127.0.0.1:${scratch.port}`,
      'log.console = true',
      `load_definitions = ${file('definitions.json')}`,
    ];
    writeFileSync(file('rabbit.conf'), `${settings.join('\n')}\n`);
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

/** On a server of ours: they are there from its start, because `rabbitmqctl` would look for the system's server. */
const ownHosts = ['tests', 'faults'] as const;

/** What a server of ours knows: with definitions of its own it has no user and no virtual host but these. */
function definitions(): object {
  const salt = randomBytes(4);
  const hash = createHash('sha256').update(salt).update('guest').digest();
  const user = {
    name: 'guest',
    password_hash: Buffer.concat([salt, hash]).toString('base64'),
    hashing_algorithm: 'rabbit_password_hashing_sha256',
    tags: ['administrator'],
  };
  const all = { configure: '.*', write: '.*', read: '.*' };
  return {
    users: [user],
    vhosts: ownHosts.map((name) => ({ name })),
    permissions: ownHosts.map((vhost) => ({ user: user.name, vhost, ...all })),
  };
}

/** The tests of the driver and those of faults use the same names at the same time, so each has a host. */
function environment(url: URL, [tests, faults]: readonly [string, string]): Record<string, string> {
  const of = (host: string): string => Object.assign(new URL(url), { pathname: `/${host}` }).href;
  return { AMQP_URL: of(tests), AMQP_FAULTS_URL: of(faults) };
}

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
      const hosts = [name, `${name}_faults`] as const;
      for (const host of hosts) {
        await control('add_vhost', host);
        await control('set_permissions', '-p', host, user, '.*', '.*', '.*');
      }
      return {
        label: `virtual hosts ${hosts.join(' and ')}`,
        env: environment(url, hosts),
        async remove() {
          for (const host of hosts) await control('delete_vhost', host);
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
