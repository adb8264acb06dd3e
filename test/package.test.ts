// As a stranger would: the packed tarball, installed into an empty folder by npm.
// needs: packages postgresql
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { install, pack } from './packed-agent.js';
import { projectFolder } from './scenario.js';

const folder = mkdtempSync(join(tmpdir(), 'ostrace-package-'));
const empty = join(folder, 'empty');
const app = join(folder, 'app');

const imports = {
  'app.cjs': `
    const http = require('node:http');
    const { execFile } = require('node:child_process');
    const { Worker } = require('node:worker_threads');
    const { Pool } = require('pg');
    const { profiler } = require('ostrace');`,
  'app.mjs': `
    import http from 'node:http';
    import { execFile } from 'node:child_process';
    import { Worker } from 'node:worker_threads';
    import pg from 'pg';
    import { profiler } from 'ostrace';
    const { Pool } = pg;`,
};
const body = `
  const pool = new Pool();
  const server = http.createServer(async (request, response) => {
    await pool.query('SELECT 1 AS n');
    await new Promise((resolve) => execFile('true', resolve));
    await new Promise((resolve) => new Worker('0', { eval: true }).on('exit', resolve));
    profiler.trace('task', () => {});
    response.end('done');
  });
  server.listen(0, '127.0.0.1', () => {
    process.chdir('/');
    const cli = spawnCli(server.address().port);
    cli.on('exit', async () => { server.close(); await pool.end(); });
  });
`;

before(() => {
  mkdirSync(empty);
  mkdirSync(app);
  const tarball = pack(folder);
  const { devDependencies } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as {
    devDependencies: { pg: string };
  };
  install(empty, tarball);
  install(app, tarball, `pg@${devDependencies.pg}`);
});

after(() => rmSync(folder, { recursive: true, force: true }));

function ostrace(args: readonly string[], cwd: string): ReturnType<typeof spawnSync> {
  const env = { ...process.env, OSTRACE_PROFILE: 'key', NODE_OPTIONS: '' };
  return spawnSync(process.execPath, [join(cwd, 'node_modules/.bin/ostrace'), ...args], {
    cwd,
    env,
    encoding: 'utf8',
  });
}

for (const [name, head] of Object.entries(imports)) {
  for (const load of ['--import', '--require']) {
    test(`${load} ostrace/register ${name}: \`ostrace request --show\` shows the tree`, () => {
      const cli = JSON.stringify(join(app, 'node_modules/.bin/ostrace'));
      // Outside of the trace and without the agent: what a person types into another terminal.
      const spawnCli = `function spawnCli(port) {
        const env = { ...process.env, OSTRACE_ENABLED: 'false', OSTRACE_PROFILE: 'key' };
        const args = [${cli}, 'request', '--show', 'http://127.0.0.1:' + port + '/x'];
        return execFile(process.execPath, args, { env, cwd: ${JSON.stringify(app)} }, (error, out, err) => console.log(out + err));
      }`;
      writeFileSync(join(app, name), `${head}\n${spawnCli}\n${body}`);
      const { stdout, stderr, status } = spawnSync(process.execPath, [load, 'ostrace/register', name], {
        cwd: app,
        env: { ...process.env, OSTRACE_ENABLED: 'true', OSTRACE_HMAC_KEYS: 'key' },
        encoding: 'utf8',
        timeout: 60_000,
      });
      assert.equal(stderr, '');
      assert.equal(status, 0);
      for (const part of [/^done/, /HTTP in/, /db/, /command/, /thread/, /task/, /trace [0-9a-f-]{36}/]) {
        assert.match(stdout, part);
      }
      const [, id] = /trace ([0-9a-f-]{36})/.exec(stdout)!;
      const shown = ostrace(['trace', 'show', '--json', id!], app);
      const report = JSON.parse(String(shown.stdout)) as { stats: Record<string, { count: number }> };
      const counts = Object.fromEntries(
        Object.entries(report.stats).map(([point, { count }]) => [point, count]),
      );
      // V8 collects garbage when it wants to, and on a busy machine any handler may run for long.
      delete counts['gc'];
      delete counts['blocked'];
      assert.deepEqual(counts, { wsgi: 1, db: 1, command: 1, thread: 1, thread_main: 1, task: 1 });
    });
  }
}

/** The compiled files that some begin with, by what they require of ours. */
function reachable(dist: string, table: string, ...entries: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const follow = (file: string): void => {
    if (found.has(file)) return;
    found.add(file);
    if (file === table) return;
    const text = readFileSync(join(dist, file), 'utf8');
    for (const [, name] of text.matchAll(/\(["'](\.[^"']+\.js)["']\)/g)) {
      follow(join(dirname(file), name!));
    }
    // What parts of the bundle share.
    for (const [, name] of text.matchAll(/\("shared:([^:]+):/g)) follow(join('later', name!));
  };
  for (const entry of entries) follow(entry);
  return found;
}

test('the package has the files that its parts load, and no others', () => {
  const dist = join(empty, 'node_modules/ostrace/dist');
  const shipped = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.m?js$/.test(file),
  );
  const entries = [
    'register.js',
    'register.mjs',
    'src/index.js',
    'src/contract.js',
    'src/cli/main.js',
    'src/export/worker.js',
    // Node's loader runs it.
    'src/hooks/loading/import-hooks.mjs',
  ];
  // The commands read the table; the instrumentations that its rows load are in the bundle.
  const table = 'instrumentations/targets.js';
  // What types alone are in.
  const empties = ['src/trace/event.js', 'src/export/protocol.js', 'src/drivers/sql/dialect.js'];
  assert.deepEqual(
    shipped.filter((file) => !empties.includes(file)).toSorted(),
    [...reachable(dist, table, ...entries)].toSorted(),
  );
});

test('the package has the declarations that its types need, and no others', () => {
  const dist = join(empty, 'node_modules/ostrace/dist');
  const found = new Set<string>();
  const follow = (file: string): void => {
    if (found.has(file)) return;
    found.add(file);
    const text = readFileSync(join(dist, file), 'utf8');
    for (const [, name] of text.matchAll(/(?:from |import\()'(\.[^']+)\.js'/g)) {
      follow(join(dirname(file), `${name}.d.ts`));
    }
  };
  for (const entry of ['register.d.ts', 'src/index.d.ts', 'src/contract.d.ts']) follow(entry);
  const shipped = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.d.ts'),
  );
  assert.deepEqual(shipped.toSorted(), [...found].toSorted());
});

test('each module of the bundle is in one of its files', () => {
  const dist = join(empty, 'node_modules/ostrace/dist');
  const sources = (file: string): readonly string[] => [
    ...new Set(
      [...readFileSync(join(dist, file), 'utf8').matchAll(/^\/\/ ((?:src|instrumentations)\/\S+)$/gm)].map(
        ([, source]) => source!,
      ),
    ),
  ];
  assert.ok(sources('agent.js').includes('src/trace/trace.ts'));
  const parts = readdirSync(join(dist, 'later')).map((part) => join('later', part));
  // A part that others import is in the file that they share, and only names it.
  const isReference = (part: string): boolean =>
    readFileSync(join(dist, part), 'utf8').includes('__reExport(stdin_exports, require("shared:');
  for (const part of parts) assert.ok(sources(part).length > 0 || isReference(part), part);
  const all = ['agent.js', ...parts].flatMap(sources);
  assert.deepEqual(
    all.filter((source, i) => all.indexOf(source) !== i),
    [],
  );
});

test('the package is small, and so are those that it brings', () => {
  const modules = join(empty, 'node_modules');
  const installed = readdirSync(modules).filter((name) => !name.startsWith('.'));
  assert.deepEqual(installed, [
    'cjs-module-lexer',
    'debug',
    'es-module-lexer',
    'import-in-the-middle',
    'module-details-from-path',
    'ms',
    'ostrace',
    'require-in-the-middle',
    'shimmer',
  ]);
  const sizeOf = (isCounted: (name: string) => boolean, within = join(modules, 'ostrace')): number =>
    readdirSync(within, { recursive: true, encoding: 'utf8' })
      .filter(isCounted)
      .map((name) => statSync(join(within, name)))
      .reduce((sum, entry) => sum + (entry.isFile() ? entry.size : 0), 0);
  const others = sizeOf((name) => !name.startsWith('ostrace'), modules);
  assert.ok(others < 800_000, `${others} bytes of others`);
  const bytes = sizeOf((name) => !name.endsWith('.md'));
  assert.ok(bytes < 2_300_000, `${bytes} bytes`);
  const pages = sizeOf((name) => name.endsWith('.md'));
  assert.ok(pages < 280_000, `${pages} bytes of pages`);
  // V8 reads each kilobyte of it in 25 µs, at every start. A row of the table of targets is a quarter of one.
  const atStart = statSync(join(modules, 'ostrace/dist/agent.js')).size;
  assert.ok(atStart < 164_000, `${atStart} bytes at the start`);
});

test('the page is one file, whose policy allows its own code alone, and is small', () => {
  const file = join(empty, 'node_modules/ostrace/dist/ui/page.html');
  const page = readFileSync(file, 'utf8');
  const compressed = gzipSync(page).length;
  assert.ok(compressed < 150_000, `${compressed} bytes compressed`);
  const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const [, policy = ''] = /content="(default-src [^"]*)"/.exec(page) ?? [];
  const [, code = ''] = /<script type="module">([^]*)<\/script>/.exec(page) ?? [];
  const [, styles = ''] = /<style>([^]*)<\/style>/.exec(page) ?? [];
  assert.ok(policy.startsWith("default-src 'none';"));
  assert.ok(policy.includes(`script-src ${hashOf(code)};`));
  assert.ok(policy.includes(`style-src ${hashOf(styles)};`));
  assert.equal(page.match(/<script/g)?.length, 1);
  assert.doesNotMatch(page, /<(?:link|script|img)[^>]*(?:src|href)="(?!data:)/);
});

/** The names of a page's headings, as links have them. */
function anchorsIn(page: string): readonly string[] {
  return [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

test('each link of a page in the package leads somewhere in the package, or to the web', () => {
  const shipped = join(empty, 'node_modules/ostrace');
  const pages = readdirSync(shipped, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.md'),
  );
  assert.ok(pages.includes('README.md') && pages.includes('docs/stores/README.md'));
  for (const name of pages) {
    const page = readFileSync(join(shipped, name), 'utf8');
    for (const [, target] of page.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target!)) continue;
      const [path, anchor] = target!.split('#');
      const file = path === '' ? name : join(dirname(name), path!);
      assert.ok(
        statSync(join(shipped, file), { throwIfNoEntry: false })?.isFile(),
        `${name} links to ${target}`,
      );
      if (anchor === undefined) continue;
      assert.ok(anchorsIn(readFileSync(join(shipped, file), 'utf8')).includes(anchor), `${name}: ${target}`);
    }
  }
});

test('no declaration needs the types of a package that is not installed with this one', () => {
  const shipped = join(empty, 'node_modules/ostrace');
  const declarations = readdirSync(shipped, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.d.ts'),
  );
  assert.ok(declarations.length > 10);
  for (const file of declarations) {
    const text = readFileSync(join(shipped, file), 'utf8');
    const named = [...text.matchAll(/(?:from|import\(|require\(|types=) ?['"]([^'"]+)['"]/g)].map(
      ([, name]) => name!,
    );
    const foreign = named.filter((name) => !/^(?:\.|node:|node$)/.test(name));
    assert.deepEqual(foreign, [], file);
  }
});

test('the command says its version and helps', () => {
  const { version } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as {
    version: string;
  };
  assert.equal(ostrace(['--version'], empty).stdout, `${version}\n`);
  assert.match(String(ostrace(['--help'], empty).stdout), /Usage: ostrace[^]*request[^]*trace/);
});
