// A trace says which libraries of its process make calls that are not in it.
// needs: agent
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { type SeenPoint, key, on, projectFolder, run, scratch, signedHeaders, treeOf } from './scenario.js';

/** A folder with an application, beside which are packages of this project and an old one. */
function application(t: TestContext, code: string): string {
  const folder = scratch(t);
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'ioredis'), { recursive: true });
  for (const name of ['pg', 'ws', 'socket.io']) {
    symlinkSync(join(projectFolder, 'node_modules', name), join(modules, name));
  }
  writeFileSync(join(modules, 'ioredis/package.json'), '{ "name": "ioredis", "version": "3.2.2" }');
  writeFileSync(join(modules, 'ioredis/index.js'), '');
  const file = join(folder, 'app.cjs');
  writeFileSync(file, code);
  return file;
}

const server = `
  const server = require('node:http').createServer((request, response) => {
    if (request.url === '/later') require(process.env.LATER);
    response.end();
    if (request.url === '/end') server.close();
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

const unseenIn = (point: SeenPoint | undefined): unknown =>
  (point?.stop?.info['process'] as { readonly unseen?: unknown } | undefined)?.unseen;

/** What the traces of requests say, in the order in which they are made. */
async function unseenBy(t: TestContext, code: string, paths: readonly string[]): Promise<readonly unknown[]> {
  const asked = paths.map((path) => ({ path, ...signedHeaders() }));
  const { events, stderr } = await run(t, application(t, code), {
    env: { ...on, LATER: join(projectFolder, 'node_modules/mongodb') },
    onReady: async (port) => {
      for (const { path, headers } of asked)
        await (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).text();
      await (await fetch(`http://127.0.0.1:${port}/end`)).text();
    },
  });
  assert.equal(stderr, '');
  return asked.map(({ base_id }) => unseenIn(treeOf(events, base_id)[0]));
}

const versionOf = (name: string): string =>
  (
    JSON.parse(readFileSync(join(projectFolder, 'node_modules', name, 'package.json'), 'utf8')) as {
      version: string;
    }
  ).version;

test('a package whose version has no hook is named, and none that is hooked or a part of one that is', async (t) => {
  const code = `for (const name of ['pg', 'ws', 'socket.io', 'ioredis']) require(name);${server}`;
  assert.deepEqual(await unseenBy(t, code, ['/', '/']), [['ioredis 3.2.2'], ['ioredis 3.2.2']]);
});

test('a package that has no hook at all is named, and nothing is said where all is seen', async (t) => {
  assert.deepEqual(await unseenBy(t, server, ['/later']), [[`mongodb ${versionOf('mongodb')}`]]);
  assert.deepEqual(await unseenBy(t, `require('pg');${server}`, ['/']), [undefined]);
});

test('a process that is traced as a whole names them at its end', async (t) => {
  const env = { ...on, OSTRACE_PROFILE: key };
  const { events, stderr } = await run(t, application(t, "require('ioredis');"), { env });
  assert.equal(stderr, '');
  assert.deepEqual(unseenIn(treeOf(events)[0]), ['ioredis 3.2.2']);
});
