// A store that a command can use by what the environment says can be used by the service too.
// needs: agent
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { agentFolder, on, run, scratch } from './scenario.js';

interface Seen {
  readonly port: number;
  /** What each connection asked for: TLS, a user's database, and with which password. */
  readonly asked: Set<string>;
}

const wantsTls = 80_877_103;

/** A server that speaks PostgreSQL up to the password, and lets nobody in. */
async function passwordServer(t: TestContext): Promise<Seen> {
  const asked = new Set<string>();
  const server = createServer((socket) => {
    let user = '';
    socket.on('error', () => {});
    socket.on('data', (data) => {
      if (user === '' && data.length === 8 && data.readInt32BE(4) === wantsTls) {
        asked.add('TLS');
        socket.end('N');
      } else if (user === '') {
        const parts = data.subarray(8).toString().split('\0');
        user = `${parts[parts.indexOf('user') + 1]}@${parts[parts.indexOf('database') + 1]}`;
        socket.write(Buffer.from('520000000800000003', 'hex'));
      } else {
        asked.add(`${user} ${data.subarray(5, -1).toString()}`);
        socket.destroy();
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { port: (server.address() as AddressInfo).port, asked };
}

const trace =
  "const { profiler } = require('ostrace'); profiler.init('key'); profiler.trace('work', () => {})";

const ways: Readonly<
  Record<string, { readonly env: (folder: string) => Record<string, string>; readonly asks: string }>
> = {
  PGPASSWORD: { env: () => ({ PGPASSWORD: 'secret' }), asks: 'somebody@traces secret' },
  'PGUSER and PGDATABASE': {
    env: () => ({ PGUSER: 'another', PGDATABASE: 'elsewhere', PGPASSWORD: 'secret' }),
    asks: 'another@elsewhere secret',
  },
  PGPASSFILE: {
    env: (folder) => ({ PGPASSFILE: join(folder, '.pgpass') }),
    asks: 'somebody@traces in the file',
  },
  'HOME and .pgpass': { env: (folder) => ({ HOME: folder }), asks: 'somebody@traces in the file' },
  PGSSLMODE: { env: () => ({ PGSSLMODE: 'require' }), asks: 'TLS' },
};

for (const [way, { env, asks }] of Object.entries(ways)) {
  test(`${way}: the service asks PostgreSQL for the same as the command does`, async (t) => {
    const folder = scratch(t);
    const file = join(folder, '.pgpass');
    writeFileSync(file, '*:*:*:*:in the file\n');
    chmodSync(file, 0o600);
    const given = env(folder);
    const place = 'PGUSER' in given ? ['', ''] : ['somebody@', '/traces'];
    const seen: string[][] = [];
    for (const load of ['import', 'none'] as const) {
      const server = await passwordServer(t);
      await run(t, load === 'import' ? '-e' : join(agentFolder, 'dist/src/cli/main.js'), {
        args: load === 'import' ? [trace] : ['trace', 'list'],
        load,
        env: {
          ...on,
          PGUSER: undefined,
          PGDATABASE: undefined,
          PGPASSWORD: undefined,
          ...given,
          OSTRACE_CONNECTION_STRING: `postgresql://${place[0]}127.0.0.1:${server.port}${place[1]}`,
          OSTRACE_EXIT_TIMEOUT: '20000',
        },
      });
      seen.push([...server.asked]);
    }
    assert.deepEqual(seen, [[asks], [asks]]);
  });
}
