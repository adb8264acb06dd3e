// `ostrace trace show`: its formats, the file that it writes and opens, and the one that it reads.
// needs: time
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { writeToFile } from '../src/cli/output.js';
import { type End, isProblem, ostrace, store } from './fixtures/command.js';
import { desktop, isLinux } from './fixtures/desktop.js';
import { base_id, shopTrace } from './fixtures/events.js';
import { scratch } from './scenario.js';

const formats = ['json', 'markdown', 'perfetto', 'otlp', 'dot'];

/** Shows the shop's trace. */
async function show(context: TestContext, args: readonly string[], env = {}): Promise<End> {
  const { connection } = store(context, shopTrace());
  return ostrace(['trace', 'show', base_id, '--connection-string', connection, ...args], { env });
}

const colours = { FORCE_COLOR: '1' };

for (const format of [...formats, undefined]) {
  test(`a file gets what stdout gets, without colours: ${format ?? 'the tree'}`, async (context) => {
    const options = format === undefined ? [] : [`--${format}`];
    const printed = await show(context, options);
    assert.deepEqual([printed.code, printed.stderr], [0, '']);
    assert.ok(printed.stdout.length > 100);
    const file = join(scratch(context), 'trace');
    const end = await show(context, [...options, '--out', file], colours);
    assert.deepEqual(end, { code: 0, signal: null, stdout: '', stderr: '' });
    assert.equal(readFileSync(file, 'utf8'), printed.stdout);
  });
}

test('two formats at once are a problem that names them', async () => {
  isProblem(await ostrace(['trace', 'show', 'last', '--dot', '--json']), /--json and --dot are different f/);
  const all = await ostrace(['trace', 'show', 'last', ...formats.map((each) => `--${each}`)]);
  isProblem(all, /--json and --markdown and --perfetto and --otlp and --dot are .*; give one of them/);
});

test('--unfold is for people', async (context) => {
  const { connection } = store(context, shopTrace());
  for (const format of ['--markdown', '--json']) {
    const end = await ostrace(['trace', 'show', 'last', '--all', format, '--connection-string', connection]);
    assert.deepEqual([end.code, end.stderr], [0, '']);
  }
});

// ---- --out

test('a file that is there is replaced, keeps its mode, and leaves nothing beside it', async (context) => {
  const folder = scratch(context);
  const file = join(folder, 'trace.dot');
  writeFileSync(file, 'old');
  chmodSync(file, 0o640);
  assert.equal((await show(context, ['--dot', '--out', file])).code, 0);
  assert.match(readFileSync(file, 'utf8'), /^digraph/);
  assert.equal(statSync(file).mode & 0o777, 0o640);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name !== 'traces'),
    ['trace.dot'],
  );
});

test('what a link leads to is replaced, and not the link', async (context) => {
  const folder = scratch(context);
  writeFileSync(join(folder, 'real'), 'old');
  symlinkSync('real', join(folder, 'link'));
  assert.equal((await show(context, ['--dot', '--out', join(folder, 'link')])).code, 0);
  assert.ok(lstatSync(join(folder, 'link')).isSymbolicLink());
  assert.match(readFileSync(join(folder, 'real'), 'utf8'), /^digraph/);
});

test('a pipe is written to and stays a pipe', async (context) => {
  const pipe = join(scratch(context), 'pipe');
  assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
  const reader = spawn('cat', [pipe]);
  context.after(() => reader.kill());
  let read = '';
  reader.stdout.setEncoding('utf8').on('data', (text: string) => (read += text));
  const ended = once(reader, 'close');
  assert.equal((await show(context, ['--dot', '--out', pipe])).code, 0);
  assert.ok(lstatSync(pipe).isFIFO());
  await ended;
  assert.match(read, /^digraph[^]*\}\n\n$/);
});

test('a file that cannot be written is a problem', async (context) => {
  const folder = scratch(context);
  mkdirSync(join(folder, 'sub'));
  writeFileSync(join(folder, 'file'), '');
  const out = (name: string): Promise<End> => show(context, ['--out', name]);
  isProblem(
    await out(join(folder, 'sub')),
    /--out is ".*sub", which is a folder; expected the name of a file/,
  );
  isProblem(await out(join(folder, 'none', 'x')), /cannot write ".*none\/x": its folder does not exist/);
  isProblem(await out(join(folder, 'file', 'x')), /cannot write ".*": a part of its path is not a folder/);
  isProblem(await out(''), /--out is ""; expected the name of a file/);
  if (existsSync('/dev/full')) isProblem(await out('/dev/full'), /"\/dev\/full": no space is left there/);
});

test('a file stays as it was if the new one is not completed', async (context) => {
  const folder = scratch(context);
  const file = join(folder, 'file');
  writeFileSync(file, 'old');
  const pieces = function* (): Generator<string> {
    yield 'x'.repeat(200_000);
    throw new Error('no more');
  };
  await assert.rejects(writeToFile(file, pieces()), /no more/);
  assert.equal(readFileSync(file, 'utf8'), 'old');
  assert.deepEqual(readdirSync(folder), ['file']);
});

// ---- --open

test('--open opens the file that --out names', isLinux, async (context) => {
  const { env, opened } = desktop(context);
  const file = join(scratch(context), "a trace's $(file).md");
  const end = await show(context, ['--markdown', '--open', '--out', file], env);
  assert.deepEqual([end.code, end.stdout, end.stderr], [0, '', `opening ${file}\n`]);
  assert.equal(await opened(), file);
  assert.match(readFileSync(file, 'utf8'), /^\*\*`GET /);
});

test('--open without --out opens a file that only this user may read', isLinux, async (context) => {
  const { env, opened } = desktop(context);
  assert.equal((await show(context, ['--perfetto', '--open'], env)).code, 0);
  const file = await opened();
  assert.match(file, /\/ostrace-[^/]+\/trace-7253ca8c\.perfetto\.json$/);
  assert.ok(file.startsWith(env['TMPDIR']!));
  assert.equal(statSync(join(file, '..')).mode & 0o777, 0o700);
  assert.match(readFileSync(file, 'utf8'), /^\{"traceEvents"/);
});

test('if nothing opens files, the problem says so, and the file is there', isLinux, async (context) => {
  const file = join(scratch(context), 'x.dot');
  const end = await show(context, ['--dot', '--open', '--out', file], { PATH: '/nowhere' });
  assert.equal(end.code, 1);
  assert.match(end.stderr, /ostrace: cannot open ".*x\.dot": there is no xdg-open on this machine; the file/);
  assert.match(readFileSync(file, 'utf8'), /^digraph/);
});

// ---- --file

test('a saved trace is shown as the stored one, from a file and from stdin, in whatever format', async (context) => {
  const file = join(scratch(context), 'saved.json');
  await show(context, ['--json', '--out', file]);
  for (const format of [[], ['--json'], ['--otlp']]) {
    const expected = await show(context, format);
    assert.deepEqual(await ostrace(['trace', 'show', '--file', file, ...format]), expected);
  }
  // A shell on Windows begins with a byte order mark.
  const input = `\ufeff${readFileSync(file, 'utf8').replaceAll('\n', '\r\n')}`;
  const piped = await ostrace(['trace', 'show', '--file', '-'], { input });
  assert.deepEqual(piped, await show(context, []));
});

interface Golden {
  readonly trace_show_json: { readonly stdout: string };
  readonly databases: Readonly<Record<string, { readonly report: unknown }>>;
}
const golden = (name: string): Golden =>
  JSON.parse(readFileSync(`test/golden/${name}.json`, 'utf8')) as Golden;

test("OSProfiler's saved trace is shown", async () => {
  const input = golden('redis').trace_show_json.stdout;
  const { code, stdout, stderr } = await ostrace(['trace', 'show', '--file', '-'], { input });
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /GET \/v1\/things\/7\?limit=2/);
  const again = await ostrace(['trace', 'show', '--file', '-', '--json', '--no-findings'], { input });
  assert.deepEqual(JSON.parse(again.stdout), JSON.parse(input));
});

test("OSProfiler's saved trace from a database is shown, and what is not known of it is said", async () => {
  const [database] = Object.values(golden('sqlalchemy').databases);
  const input = JSON.stringify(database!.report);
  const end = await ostrace(['trace', 'show', '--file', '-'], { input });
  assert.equal(end.code, 0);
  assert.match(end.stdout, /GET \/v1\/things\/7\?limit=2/);
  assert.match(
    end.stderr,
    /^ostrace: \d+ events in stdin came without a time, .* whole milliseconds, and the date and the id of the trace are not known\n$/,
  );
});

test('bad parts of a saved trace are said, and what is none is a problem', async (context) => {
  const folder = scratch(context);
  const shown = (file: string, input = ''): Promise<End> =>
    ostrace(['trace', 'show', '--file', file], { input });
  const saved = JSON.parse((await show(context, ['--json'])).stdout) as { children: unknown[] };
  saved.children.push({}, null, { info: { 'meta.raw_payload.a-start': 1 } });
  const end = await shown('-', JSON.stringify(saved));
  assert.deepEqual([end.code, end.stdout], [0, (await show(context, [])).stdout]);
  assert.match(end.stderr, /^ostrace: skipped 3 parts of the trace in stdin: not an event of it\n$/);

  const expected = 'expected a trace as ostrace trace show --json or osprofiler trace show --json prints it';
  isProblem(await shown(folder), /cannot read ".*": it is a folder/);
  isProblem(await shown(join(folder, 'none')), /cannot read ".*none": there is no such file/);
  isProblem(await shown('-'), new RegExp(`stdin is empty; ${expected}`));
  isProblem(await shown('-', 'hello \u001b[31m'), new RegExp(`stdin is not JSON .*; ${expected}`));
  isProblem(await shown('-', '[]'), new RegExp(`stdin is JSON, but no trace; ${expected}`));
  isProblem(await shown('-', '{"children":[]}'), new RegExp(`stdin has no point; ${expected}`));
  isProblem(await shown('-', '{"children":[1,2]}'), /stdin has 2 parts, none of which is an event; expected/);
  isProblem(await shown(''), /--file is ""; expected the name of a file, or - for stdin/);
  isProblem(
    await ostrace(['trace', 'show', base_id, '--file', '-']),
    /the id of a trace or --file, not both/,
  );
  isProblem(
    await ostrace(['trace', 'show', 'a.json']),
    /"a\.json" is not a trace id; .*; --file shows a saved/,
  );
});
