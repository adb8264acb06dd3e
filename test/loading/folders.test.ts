// Where packages lie: several copies of one, and links in the place of folders.
// needs: agent postgresql mariadb
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { scratch } from '../scenario.js';
import { layFlat, layLinked } from './packages.js';
import { folder, probe } from './probe.js';

/** The application in a folder of its own, where it finds other packages. */
function moved(t: TestContext): string {
  const own = scratch(t);
  for (const name of ['serve.cjs', 'forms']) cpSync(join(folder, name), join(own, name), { recursive: true });
  return own;
}

test('two copies of each driver in two folders: each call is one point', async (t) => {
  const own = moved(t);
  for (const part of ['one', 'two']) {
    layFlat(join(own, part), 'pg', 'mysql2');
    writeFileSync(
      join(own, part, 'drivers.cjs'),
      `module.exports = { pg: require('pg'), mysql: require('mysql2') };`,
    );
  }
  const file = join(own, 'app.cjs');
  writeFileSync(
    file,
    `const [one, two] = ['one', 'two'].map((part) => require('./' + part + '/drivers.cjs'));
    if (one.pg === two.pg || one.mysql === two.mysql) throw new Error('one copy');
    require('./serve.cjs')({
      ...require('http'), ...require('child_process'), ...require('worker_threads'),
      Pool: [one.pg.Pool, two.pg.Pool], createPool: [one.mysql.createPool, two.mysql.createPool],
    });`,
  );
  await probe(t, file, { tree: 'wsgi(db db db db http(wsgi) command thread(thread_main))' });
});

for (const form of ['require-node.cjs', 'import-named.mjs']) {
  test(`linked packages, as pnpm lays them: ${form} has its whole tree`, async (t) => {
    const own = moved(t);
    layLinked(own, 'pg', 'mysql2');
    await probe(t, join(own, 'forms', form), { cwd: own });
  });
}
