// Targets of the application's own: the example of docs/instrumentations.md as it stands there, and all that can be
// wrong with such a target.
// needs: agent mariadb
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import type { Event } from '../src/trace/event.js';
import { folderOf } from './fixtures/files.js';
import {
  agentFolder,
  key,
  on,
  projectFolder,
  run,
  scratch,
  shape,
  signedHeaders,
  treeOf,
} from './scenario.js';

const page = readFileSync(join(projectFolder, 'docs/instrumentations.md'), 'utf8');
const [, example = ''] = /<!-- example:start -->\n```js\n([^]*?)```/.exec(page) ?? [];

const app = `
  const mysql = require('mysql');
  const { MYSQL_HOST: host, MYSQL_PORT: port, MYSQL_USER: user, MYSQL_PASSWORD: password, MYSQL_DATABASE: database } = process.env;
  const options = { host, port, user, password, database };
  const pool = mysql.createPool({ ...options, connectionLimit: 1 });
  const connection = mysql.createConnection(options);
  const say = (what) => console.log(JSON.stringify(what));
  pool.query('SELECT ? AS n', ['secret'], (error, rows) => {
    say(rows);
    connection.query({ sql: 'SELECT nothing FROM nowhere' }, (error) => {
      say(error.code);
      pool.getConnection((error, client) => {
        client.query('SELECT 1 AS n UNION SELECT 2').on('result', say).on('end', () => {
          client.release();
          connection.end(() => pool.end());
        });
      });
    });
  });
`;

/** A folder of an application with the package `mysql` and files of its own. */
function application(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = folderOf(t, files);
  symlinkSync(join(projectFolder, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

const traced = (instrumentations: string): Readonly<Record<string, string>> => ({
  ...on,
  OSTRACE_PROFILE: key,
  OSTRACE_TRACE_SQL: 'true',
  OSTRACE_INSTRUMENTATIONS: instrumentations,
});

/** What each `db` and `sql` point says, in their order. */
const said = (events: readonly Event[]): readonly unknown[] =>
  events.flatMap(({ name, info }) => (/^(?:db|sql)-start$/.test(name) ? [info['db']] : []));

test('the example of the page records the calls of a package that ostrace does not know', async (t) => {
  const folder = application(t, { 'mysql.cjs': example, 'app.cjs': app });
  const bare = await run(t, 'app.cjs', { load: 'none', cwd: folder });
  const { stdout, stderr, code, events } = await run(t, 'app.cjs', {
    cwd: folder,
    env: traced('./mysql.cjs'),
  });
  assert.deepEqual([stdout, stderr, code], [bare.stdout, '', 0]);
  assert.equal(shape(treeOf(events)), 'process(db(sql) db(sql) db db(sql))');
  const { MYSQL_HOST: host, MYSQL_PORT: port, MYSQL_DATABASE: name } = process.env;
  const call = (operation: string): object => ({ system: 'mysql', operation, name, host, port });
  const sql = (statement: string): object => ({ system: 'mysql', statement });
  assert.deepEqual(said(events), [
    call('query'),
    sql('SELECT ? AS n'),
    call('query'),
    sql('SELECT nothing FROM nowhere'),
    call('connect'),
    call('query'),
    sql('SELECT ? AS n UNION SELECT ?'),
  ]);
  const rows = events.flatMap(({ name: each, info }) =>
    each === 'db-stop' ? [info['db'] ?? info['etype']] : [],
  );
  assert.deepEqual(rows, [{ rows: 1 }, 'ER_NO_SUCH_TABLE', undefined, undefined]);
});

const asModule = example.replace('exports.target =', 'export const target =');
const asList = example.replace('exports.target = {', 'exports.targets = [{').replace(/\};\s*$/, '}];');
const forms = {
  'an ES module': ['mysql.mjs', './mysql.mjs', asModule],
  'a list of targets': ['mysql.cjs', './mysql.cjs', asList],
  'a package': ['app/node_modules/my-target/index.js', 'my-target', example],
} as const;

// Node 22 requires ES modules since 22.12.
const [major, minor = 0] = process.versions.node.split('.').map(Number);
const skip = major === 22 && minor < 12 ? 'this Node requires no ES modules' : false;

for (const [what, [file, name, text]] of Object.entries(forms)) {
  test(`${what} is a target too`, { skip: what === 'an ES module' && skip }, async (t) => {
    const folder = application(t, { [file]: text, 'app/app.cjs': app });
    const cwd = what === 'a package' ? join(folder, 'app') : folder;
    const { events, stderr } = await run(t, join(folder, 'app/app.cjs'), { cwd, env: traced(name) });
    assert.deepEqual([shape(treeOf(events)), stderr], ['process(db(sql) db(sql) db db(sql))', '']);
  });
}

const wrong: Readonly<Record<string, readonly [file: string | undefined, says: RegExp, tree: string]>> = {
  'that is not there': [
    undefined,
    /^ostrace: OSTRACE_INSTRUMENTATIONS names .*mysql\.cjs, which can't be used: Cannot find module/,
    'process',
  ],
  'that exports no target': [
    'exports.targets = [{ package: "mysql" }];',
    /which can't be used: it exports no target; expected exports\.target = \{ package, versions, load \}\n$/,
    'process',
  ],
  'whose list of targets is empty': [
    'exports.targets = [];',
    /which can't be used: its list of targets is empty; expected at least one\n$/,
    'process',
  ],
  'with no name of a package': [
    'exports.target = { package: "mysql(", load() {} };',
    /which can't be used: "mysql\(" is not the name of a package\n$/,
    'process',
  ],
  'with versions that are no pairs': [
    'exports.target = { package: "mysql", versions: ["1.0.0", "2.0.0"], load() {} };',
    /which can't be used: the versions of mysql are not pairs such as \['1\.0\.0', '2\.0\.0'\]\n$/,
    'process',
  ],
  'that gives no list of hooks': [
    'exports.target = { package: "mysql", load: () => ({ hooks: () => ({}) }) };',
    /^ostrace: the hook of mysql failed and is switched off; the application goes on/,
    'process',
  ],
  'that gives something else as a hook': [
    'exports.target = { package: "mysql", load: () => ({ hooks: () => [null] }) };',
    /^ostrace: the hook of mysql failed and is switched off; the application goes on/,
    'process',
  ],
  'that names a file with its extension': [
    example.replace("'mysql/lib/Pool'", "'mysql/lib/Pool.js'"),
    /mysql\/lib\/Pool\.js is named with its extension/,
    'process',
  ],
  'that throws': ['throw new Error("no luck");', /which can't be used: no luck\n$/, 'process'],
  'that throws when it is loaded': [
    'exports.target = { package: "mysql", load() { throw new Error("no luck"); } };',
    /^ostrace: the hook of mysql failed and is switched off; the application goes on\. .*no luck/,
    'process',
  ],
  'whose functions throw': [
    example.replace('text: given?.sql ?? given', 'text: given.no.luck'),
    /^ostrace: the hook of mysql \w+\.query failed and is switched off; the application goes on\./,
    'process(db db)',
  ],
  'of another version': [example.replace("'3.0.0'", "'2.1.0'"), /^$/, 'process'],
};

for (const [what, [file, says, tree]] of Object.entries(wrong)) {
  test(`a target ${what} costs the application nothing, and is said`, async (t) => {
    const folder = application(t, { ...(file !== undefined && { 'mysql.cjs': file }), 'app.cjs': app });
    const bare = await run(t, 'app.cjs', { load: 'none', cwd: folder });
    const { stdout, stderr, code, events } = await run(t, 'app.cjs', {
      cwd: folder,
      env: traced('./mysql.cjs'),
    });
    assert.deepEqual([stdout, code], [bare.stdout, 0]);
    assert.match(stderr, says);
    assert.equal(shape(treeOf(events)), tree);
  });
}

// What mysql2 publishes since 3.20; ostrace hooks its methods instead.
const publishing = `
  const at = ({ database: name, serverAddress: host, serverPort: port }) => ({ name, host, port });
  const sql = ({ query, values }) => ({ text: query, params: values });
  const rows = ({ result }) => (Array.isArray(result) ? result.length : undefined);
  exports.target = {
    package: 'mysql2',
    load: ({ database }) =>
      database({
        library: 'mysql2',
        system: 'mysql',
        channels: {
          'mysql2:query': { operation: 'query', endpoint: at, sql, rows },
          'mysql2:pool:connect': { operation: 'connect', endpoint: at },
        },
      }),
  };
`;
const published = `
  const http = require('node:http');
  const mysql = require('mysql2');
  const { channel } = require('node:diagnostics_channel');
  const { profiler } = require(${JSON.stringify(join(agentFolder, 'dist/src/index.js'))});
  const { MYSQL_HOST: host, MYSQL_PORT: port, MYSQL_USER: user, MYSQL_PASSWORD: password, MYSQL_DATABASE: database } = process.env;
  const isWatched = () => channel('tracing:mysql2:query:start').hasSubscribers;
  const pool = mysql.createPool({ host, port, user, password, database, connectionLimit: 1 });
  const seen = [isWatched()];
  const server = http.createServer((request, response) => {
    seen.push(isWatched());
    pool.getConnection((error, client) => {
      client.query('SELECT 1 AS n', () => profiler.trace('callback', () => {
        client.query('SELECT nothing FROM nowhere', () => profiler.trace('failed', () => {
          client.release();
          pool.promise().query('SELECT 2 AS n').then(() => profiler.trace('then', () => response.end()));
        }));
      }));
    });
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
  process.once('SIGUSR2', () => {
    server.close();
    pool.end();
    const wait = setInterval(() => {
      if (isWatched()) return;
      console.log(...seen, isWatched());
      process.exit();
    }, 100);
  });
`;

test('channels that a library publishes on are subscribed to while a trace is live, and make the same points', async (t) => {
  const folder = application(t, { 'mysql2.cjs': publishing, 'app.cjs': published });
  const env = {
    ...on,
    OSTRACE_TRACE_SQL: 'true',
    OSTRACE_INSTRUMENTATIONS: './mysql2.cjs',
    OSTRACE_INSTRUMENT_MYSQL2: 'false',
  };
  const { base_id, headers } = signedHeaders();
  const { stdout, stderr, events } = await run(t, 'app.cjs', {
    cwd: folder,
    env,
    async onReady(port, child) {
      await fetch(`http://127.0.0.1:${port}/`, { headers });
      child.kill('SIGUSR2');
    },
  });
  assert.deepEqual([stdout.split('\n')[1], stderr], ['false true false', '']);
  assert.equal(shape(treeOf(events, base_id)), 'wsgi(db db(sql) callback(db(sql) failed(db db(sql) then)))');
});

/** A library as those that publish: a queue of calls that are answered together, from a connection of its own. */
const library = `
  const { tracingChannel } = require('node:diagnostics_channel');
  const channel = tracingChannel('answers:ask');
  const waiting = [];
  exports.ask = (text, done) => channel.traceCallback((last) => waiting.push(last), -1, { text }, undefined, done);
  exports.askSync = (text) => channel.traceSync(() => text, { text });
  exports.answer = () => waiting.splice(0).forEach((done) => done(null, 'answered'));
`;
const answering = (rows: string): string => `
  exports.target = {
    package: 'answers',
    load: ({ database }) => database({
      library: 'answers',
      system: 'answers',
      channels: { 'answers:ask': { operation: 'ask', endpoint: ({ text: name }) => ({ name }), rows: ${rows} } },
    }),
  };
`;
const asking = `
  const http = require('node:http');
  const { ask, askSync, answer } = require('answers');
  const { profiler } = require(${JSON.stringify(join(agentFolder, 'dist/src/index.js'))});
  let asked = 0;
  // It answers all callers in one go, when all four have asked, and in nobody’s place.
  setInterval(() => asked % 4 === 0 && answer(), 50);
  const server = http.createServer(({ url }, response) => {
    const name = url.slice(1);
    asked++;
    ask(name, () => {
      profiler.trace(name, () => {});
      askSync(name);
      response.end();
    });
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
  process.once('SIGUSR2', () => process.exit());
`;

for (const [what, rows, one, says] of [
  ['each caller’s callback runs in its own trace', '() => 1', 'wsgi(db NAME db)', /^$/],
  [
    'what throws there costs no point its stop, and is said once',
    '() => { throw new Error("no luck"); }',
    'wsgi(db NAME)',
    /^ostrace: the hook of the channel answers:ask failed and is switched off[^\n]*no luck[^\n]*\n(?: +at [^\n]*\n)*$/,
  ],
] as const) {
  test(`of calls of a channel that are answered together, ${what}`, async (t) => {
    const folder = scratch(t);
    const files = {
      'node_modules/answers/index.js': library,
      'node_modules/answers/package.json': '{ "version": "1.0.0" }',
      'answers.cjs': answering(rows),
      'app.cjs': asking,
    };
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const traces = [signedHeaders(), signedHeaders()];
    const { stderr, events } = await run(t, 'app.cjs', {
      cwd: folder,
      env: { ...on, OSTRACE_INSTRUMENTATIONS: './answers.cjs' },
      async onReady(port, child) {
        const get = (path: string, headers = {}): Promise<unknown> =>
          fetch(`http://127.0.0.1:${port}/${path}`, { headers });
        for (let i = 0; i < 3; i++) {
          await Promise.all([
            get('first', traces[0]!.headers),
            get('untraced'),
            get('second', traces[1]!.headers),
            get('untraced'),
          ]);
        }
        child.kill('SIGUSR2');
      },
    });
    assert.match(stderr, says);
    assert.ok(
      events.every(({ info, name }) => !name.endsWith('start') || !JSON.stringify(info).includes('untraced')),
    );
    for (const [i, name] of ['first', 'second'].entries()) {
      const roots = treeOf(events, traces[i]!.base_id);
      assert.equal(roots.length, 3);
      assert.equal(shape(roots.slice(0, 1)), one.replace('NAME', name));
      assert.ok(roots.every((root) => root.children.every(({ stop }) => stop !== undefined)));
      assert.ok(roots.every((root) => shape([root]).includes(name)));
    }
  });
}

test('a package within another one’s folder is hooked', async (t) => {
  const folder = scratch(t);
  mkdirSync(join(folder, 'node_modules/ioredis'), { recursive: true });
  writeFileSync(join(folder, 'node_modules/ioredis/package.json'), '{ "version": "5.0.0" }');
  writeFileSync(join(folder, 'node_modules/ioredis/index.js'), 'module.exports = require("mysql2");');
  symlinkSync(join(projectFolder, 'node_modules'), join(folder, 'node_modules/ioredis/node_modules'));
  const env = { ...on, OSTRACE_DEBUG: 'true' };
  const nodeArgs = ['--preserve-symlinks', '--preserve-symlinks-main'];
  const args = ['require(process.cwd() + "/node_modules/ioredis/index.js")'];
  const { stderr } = await run(t, '-e', { cwd: folder, env, nodeArgs, args });
  assert.match(stderr, /^ostrace: mysql2 \S+ is hooked/m);
});

test('threads and child processes load the targets too', async (t) => {
  const starter = `
    const { Worker } = require('node:worker_threads');
    const { fork } = require('node:child_process');
    const app = require.resolve('./app.cjs');
    // A relative name means the file beside the first process, wherever others start.
    new Worker(app).on('exit', () => fork(app, { cwd: '/' }));
  `;
  const folder = application(t, { 'mysql.cjs': example, 'app.cjs': app, 'starter.cjs': starter });
  const { events, stderr } = await run(t, 'starter.cjs', { cwd: folder, env: traced('./mysql.cjs') });
  const calls = 'db(sql) db(sql) db db(sql)';
  assert.equal(stderr, '');
  assert.equal(shape(treeOf(events)), `process(thread(thread_main(${calls})) command(process(${calls})))`);
});
