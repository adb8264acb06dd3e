// The second of equal calls in one request tells which line of the application makes it.
// needs: agent postgresql redis
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';

import {
  type RunOptions,
  type SeenPoint,
  on,
  projectFolder,
  run,
  scenario,
  scratch,
  signedHeaders,
  treeOf,
} from './scenario.js';

const file = scenario('repeated-calls.cjs');
const lines = readFileSync(file, 'utf8').split('\n');
/** The number of the line that a comment names. */
const lineOf = (name: string): number => lines.findIndex((line) => line.endsWith(` // ${name}`)) + 1;

/** What the calls of a request say of their places in the code, in the order in which they were made. */
async function placesIn(
  t: TestContext,
  paths: readonly string[],
  program: string,
  options: RunOptions = {},
): Promise<readonly (readonly unknown[])[]> {
  const asked = paths.map((path) => ({ path, ...signedHeaders() }));
  const { events, stderr } = await run(t, program, {
    env: on,
    ...options,
    onReady: async (port, child) => {
      for (const { path, headers } of asked) {
        await (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).text();
      }
      child.kill('SIGTERM');
    },
  });
  assert.equal(stderr, '');
  return asked.map(({ base_id }) => {
    const [root] = treeOf(events, base_id);
    return root!.children.map(placeOf);
  });
}

const placeOf = ({ start }: SeenPoint): unknown => start.info['code'];

for (const args of [[], ['own stacks']]) {
  for (const nodeArgs of [[], ['--enable-source-maps']]) {
    test(`the second of equal calls says where it is made ${[...args, ...nodeArgs].join(' ')}`, async (t) => {
      const code = (name: string, fn?: string): unknown => ({
        file: 'test/scenarios/repeated-calls.cjs',
        line: lineOf(name),
        ...(fn !== undefined && { function: fn }),
      });
      const paths = ['/orders', '/items', '/prices', '/anonymous'];
      const [orders, items, prices, anonymous] = await placesIn(t, paths, file, { args, nodeArgs });
      assert.deepEqual(orders, [undefined, code('SELECT', 'listOrders'), undefined, undefined]);
      assert.deepEqual(prices, [undefined, code('get', 'readPrices'), undefined, undefined]);
      assert.deepEqual(anonymous, [undefined, code('select'), undefined]);
      // The promise is made in a function without a name.
      assert.deepEqual(items, [undefined, code('GET'), undefined, undefined, undefined]);
    });
  }
}

test('each request has places of its own', async (t) => {
  const places = await placesIn(t, ['/orders', '/orders'], file);
  assert.deepEqual(
    places.map((its) => its.filter((place) => place !== undefined).length),
    [1, 1],
  );
});

test('a place names no folder of its user', async (t) => {
  const home = scratch(t);
  const program = join(home, 'shop/src/repeated-calls.cjs');
  mkdirSync(dirname(program), { recursive: true });
  copyFileSync(file, program);
  symlinkSync(join(projectFolder, 'node_modules'), join(home, 'node_modules'));
  const env = { ...on, HOME: home };
  const shown = async (cwd: string): Promise<unknown> => {
    const [orders] = await placesIn(t, ['/orders'], program, { env, cwd });
    return (orders![1] as { file: string }).file;
  };
  assert.equal(await shown(join(home, 'shop')), 'src/repeated-calls.cjs');
  assert.equal(await shown('/'), 'repeated-calls.cjs');
  assert.equal(await shown(join(home, 'node_modules')), 'repeated-calls.cjs');
});

test('a call that a library makes later is made where the application awaits it', async (t) => {
  const home = scratch(t);
  const library = join(home, 'node_modules/library');
  mkdirSync(library, { recursive: true });
  writeFileSync(
    join(library, 'index.js'),
    `const http = require('node:http');
    exports.load = async (port) => { await null; return await ask(port); };
    async function ask(port) {
      await null;
      await new Promise((resolve) => http.get({ port, path: '/part' }, (part) => part.resume().on('end', resolve)));
    }`,
  );
  const program = join(home, 'pages.cjs');
  writeFileSync(
    program,
    `const { load } = require('library');
    const server = require('node:http').createServer(async (request, response) => {
      if (request.url === '/pages') for (let i = 0; i < 3; i++) await load(server.address().port);
      response.end();
    }).listen(0, '127.0.0.1', () => console.log(server.address().port));`,
  );
  const [pages] = await placesIn(t, ['/pages'], program, { cwd: home });
  assert.deepEqual(pages, [undefined, { file: 'pages.cjs', line: 3 }, undefined]);
});
