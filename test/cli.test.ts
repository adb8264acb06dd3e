// The `ostrace` command: what it takes, what it prints, and how it ends.
// needs: time
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { stringifyReport } from '../src/report/json.js';
import { buildReport } from '../src/report/report.js';
import { newId } from '../src/trace/ids.js';
import { verify } from '../src/trace/signing.js';
import { type Options, isProblem, main, ostrace, save, store } from './fixtures/command.js';
import { eventsOf, shopTrace } from './fixtures/events.js';
import { projectFolder, scratch } from './scenario.js';

const key = 'cli-test-key';

function idIn(stderr: string): string {
  return /^trace ([0-9a-f-]{36})$/m.exec(stderr)?.[1] ?? assert.fail(`no id in ${stderr}`);
}

// Each path of the service is one way in which a traced service can behave.
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
  const trace = verify(request.headers['x-trace-info'], request.headers['x-trace-hmac'], [key]);
  const connection = searchParams.get('store');
  const tell = (parts: { start?: number; stop?: number }): void => {
    if (trace === undefined || connection === null) return;
    const { base_id, parent_id } = trace;
    const startInfo = { request: { method: request.method, path: pathname } };
    save(
      connection,
      eventsOf({ name: 'wsgi', id: 'in', trace: base_id, parent: parent_id, startInfo, ...parts }),
    );
  };
  if (pathname === '/echo') {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { method, url, headers } = request;
    response.setHeader('X-Answer', ['one', 'two']).end(JSON.stringify({ method, url, headers, body, trace }));
  } else if (pathname === '/traced') {
    tell({ start: 1, stop: 2500 });
    response.end('hello');
  } else if (pathname === '/late') {
    tell({ start: 1 });
    response.end('hello\n');
    await sleep(600);
    tell({ stop: 2500 });
  } else if (pathname === '/unfinished') {
    tell({ start: 1 });
    response.end('hello\n');
  } else if (pathname === '/hangs') {
    tell({ start: 1 });
  } else if (pathname === '/breaks') {
    response.writeHead(200, { 'Content-Length': 1000 }).write('half');
    setTimeout(() => response.destroy(), 50);
  } else {
    response.writeHead(404).end('not here\n');
  }
}

const server = createServer((request, response) => void serve(request, response));
let origin = '';

before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(() => {
  server.closeAllConnections();
  server.close();
});

// ---- help

const commands = ['request', 'run', 'sign', 'doctor', 'trace list', 'trace show'];

for (const command of commands) {
  test(`ostrace ${command} --help names its options, and -h is the same`, async () => {
    const end = await ostrace([...command.split(' '), '--help']);
    assert.equal(end.code, 0);
    assert.equal(end.stderr, '');
    assert.ok(end.stdout.startsWith(`Usage: ostrace ${command} [options]`));
    assert.match(end.stdout, /^ {2}-h, --help {2,}Show this help\.$/m);
    for (const line of end.stdout.split('\n')) assert.ok(line.length <= 100, line);
    assert.deepEqual(await ostrace([...command.split(' '), '-h']), end);
  });
}

test('ostrace --help lists every command, ostrace trace --help those of its own', async () => {
  const all = await ostrace(['--help']);
  const some = await ostrace(['trace', '-h']);
  assert.deepEqual([all.code, some.code], [0, 0]);
  for (const command of commands) {
    assert.ok(all.stdout.includes(`\n  ${command} `), command);
    assert.equal(some.stdout.includes(`\n  ${command} `), command.startsWith('trace'), command);
  }
});

test('the version is the package’s', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  assert.equal((await ostrace(['--version'])).stdout, `${version}\n`);
});

test('the help of request and run tells where a key can come from', async () => {
  for (const command of ['request', 'run', 'sign']) {
    const { stdout } = await ostrace([command, '--help']);
    assert.match(stdout, /OSTRACE_PROFILE/);
    assert.match(stdout, /OSTRACE_HMAC_KEYS/);
  }
});

// ---- problems

const id = newId();
const problems: readonly (readonly [string, readonly string[], RegExp])[] = [
  [
    'no command',
    [],
    /no command was given; expected one of: request, ui, run, sign, doctor, flush, trace list, trace show/,
  ],
  ['an unknown command', ['tracee'], /"tracee" is not a command; expected one of: request, /],
  ['half a command', ['trace'], /no command was given; expected one of: trace list, trace show/],
  ['an unknown second word', ['trace', 'delete'], /"trace delete" is not a command; .* trace show/],
  ['a command named like a property', ['constructor'], /"constructor" is not a command/],
  [
    'an unknown option',
    ['trace', 'list', '--colour'],
    /Unknown option '--colour'; see ostrace trace list --help/,
  ],
  [
    'an option without its value',
    ['sign', '--profile'],
    /'--profile <value>' argument missing; see ostrace sign --help/,
  ],
  [
    'a value that looks like an option',
    ['sign', '--profile', '-x'],
    /'--profile' argument is ambiguous; see ostrace sign --help/,
  ],
  ['a value that no option takes', ['trace', 'show', '--json=1', id], /'--json' does not take an argument/],
  ['an argument too many', ['trace', 'list', 'x'], /Unexpected argument 'x'; see ostrace trace list/],
  ['no id', ['trace', 'show'], /expected one trace id, got 0/],
  ['two ids', ['trace', 'show', id, id], /expected one trace id, got 2/],
  [
    'an id that is too short',
    ['trace', 'show', '91'],
    /"91" is not a trace id; expected a UUID, the beginning of one \(4 digits or more\), or last; ostrace trace list shows them$/m,
  ],
  ['an id that is none', ['trace', 'show', '../../x'], /"\.\.\/\.\.\/x" is not a trace id; expected a UUID/],
  ['a limit in words', ['trace', 'list', '--limit', 'few'], /--limit is "few"; expected a whole number/],
  ['a negative limit', ['trace', 'list', '--limit=-1'], /--limit is "-1"; expected a whole number/],
  [
    'no key',
    ['sign'],
    /no key to sign with; give one of .*OSTRACE_HMAC_KEYS with --profile KEY or in OSTRACE_PROFILE/,
  ],
  ['an empty key', ['sign', '--profile', ''], /no key to sign with/],
  [
    'a base id that is none',
    ['sign', '--profile', key, '--base-id', 'x'],
    /--base-id is "x"; expected a UUID/,
  ],
  [
    'a parent id that is none',
    ['sign', '--profile', key, '--parent-id', 'x'],
    /--parent-id is "x"; expected a UUID/,
  ],
  ['no URL', ['request', '--profile', key], /expected one URL, got 0/],
  ['two URLs', ['request', '--profile', key, 'a', 'b'], /expected one URL, got 2/],
  [
    'a URL of another kind',
    ['request', '--profile', key, 'ftp://x/'],
    /"ftp:\/\/x\/" is not a URL; expected one such as/,
  ],
  ['a URL that is none', ['request', '--profile', key, 'http://['], /"http:\/\/\[" is not a URL/],
  [
    'a timeout in words',
    ['request', '--profile', key, '--timeout', 'x', 'a'],
    /--timeout is "x"; expected a number of seconds/,
  ],
  [
    'a wait below zero',
    ['request', '--profile', key, '--wait=-1', 'a'],
    /--wait is "-1"; expected a number of seconds/,
  ],
  ['a header without a colon', ['request', '--profile', key, '-H', 'x', 'a'], /-H takes 'Name: value'/],
  [
    'a header of two lines',
    ['request', '--profile', key, '-H', 'a: b\r\nc: d', 'a'],
    /-H takes 'Name: value'/,
  ],
  [
    'a method of two words',
    ['request', '--profile', key, '-X', 'GET /', 'a'],
    /--request is "GET \/"; expected a method/,
  ],
  [
    'a body that is not there',
    ['request', '--profile', key, '-d', '@/no/such', 'a'],
    /cannot read the body for -d: ENOENT/,
  ],
  [
    'no service',
    ['request', '--profile', key, 'http://127.0.0.1:1/x'],
    /no response from http:\/\/127\.0\.0\.1:1\/x: connect ECONNREFUSED/,
  ],
  [
    'no program',
    ['run', '--profile', key, '--'],
    /expected a program to run, as in: ostrace run -- node client\.js/,
  ],
  [
    'an empty program',
    ['run', '--profile', key, '--', ''],
    /expected a program to run, as in: ostrace run -- node client\.js/,
  ],
  [
    'a program that is not there',
    ['run', '--profile', key, '--', 'no-such-program'],
    /cannot run "no-such-program": there is no such program/,
  ],
  [
    'a store of another kind',
    ['trace', 'list', '--connection-string', 'sqlite://u:secret@h/'],
    /--connection-string is "sqlite:\/\/\*\*\*@h\/"; expected .* file:\/\//,
  ],
  [
    'a store without a scheme',
    ['trace', 'list', '--connection-string', '/var/x'],
    /--connection-string is "\/var\/x"; expected .* file:\/\//,
  ],
];

for (const [name, args, expected] of problems) {
  test(`one clear line and exit code 1: ${name}`, async () => {
    const end = await ostrace(args);
    // The id comes before what happens to a request or a program.
    const stderr = end.stderr.replace(/^trace [0-9a-f-]{36}\n/, '');
    isProblem({ ...end, stderr }, expected);
  });
}

test('an unknown id and a store that is none are one clear line', async (context) => {
  const { folder, connection } = store(context);
  const at = ['--connection-string', connection];
  isProblem(
    await ostrace(['trace', 'show', id, ...at]),
    new RegExp(`no trace ${id} in ${connection}; .*trace list`),
  );
  writeFileSync(folder, 'a file');
  for (const args of [['list'], ['show', id], ['show', id, '--json']]) {
    isProblem(await ostrace(['trace', ...args, ...at]), new RegExp(`cannot read ${folder}.*name a folder`));
  }
});

test('a trace without any readable line is one clear line', async (context) => {
  const { folder, connection } = store(context);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${id}.jsonl`), 'x\ny\n');
  const end = await ostrace(['trace', 'show', id], { env: { OSTRACE_CONNECTION_STRING: connection } });
  isProblem(
    end,
    /none of the 2 lines of trace .* is an event: torn by a crash, or written by something else/,
  );
});

test('a mistyped setting is said, and the command goes on', async (context) => {
  const { connection } = store(context, shopTrace());
  const env = { OSTRACE_CONNECTION_STRING: connection, OSTRACE_ENABLED: 'maybe', OSTRACE_SERVCE: 'x' };
  const end = await ostrace(['trace', 'list'], { env });
  assert.equal(end.code, 0);
  const lines = end.stderr.trimEnd().split('\n');
  assert.equal(lines.length, 2);
  assert.match(lines[0]!, /^ostrace: OSTRACE_ENABLED is "maybe"; expected true or false/);
  assert.match(lines[1]!, /^ostrace: OSTRACE_SERVCE is not a setting/);
  const wrong = await ostrace(['trace', 'list'], { env: { OSTRACE_CONNECTION_STRING: 'nowhere' } });
  isProblem(wrong, /OSTRACE_CONNECTION_STRING is "nowhere"; expected a store/);
});

test('no message shows a key', async () => {
  const secret = 'very-secret-key';
  const runs = [
    ['sign', `--profil=${secret}`],
    ['sign', `--profile=${secret}`, '--base-id', 'x'],
    ['request', '--profile', secret, '-H', `X-Key ${secret}`, 'localhost:1'],
    ['request', '--profile', secret, `http://user:${secret}@127.0.0.1:1/`],
    ['run', `--profile=${secret}`, '--', 'no-such-program'],
    ['run', '--profile', secret],
    ['trace', 'list', '--connection-string', `redis://:${secret}@h/`],
  ];
  for (const args of runs) {
    for (const env of [
      {},
      { OSTRACE_PROFILE: secret, OSTRACE_HMAC_KEYS: `${secret},,`, OSTRACE_ENABLED: 'x' },
    ]) {
      const end = await ostrace(args, { env });
      assert.equal(end.code, 1, args.join(' '));
      assert.ok(!(end.stdout + end.stderr).includes(secret), end.stderr);
    }
  }
});

// ---- sign

test('signed headers are good for curl and name the trace that is printed', async () => {
  const end = await ostrace(['sign', '--profile', key]);
  const [, info, hmac] =
    /^X-Trace-Info: (\S+)\nX-Trace-HMAC: (\S+)\nX-Trace-Time: \S+\n$/.exec(end.stdout) ?? [];
  const base_id = idIn(end.stderr);
  assert.deepEqual(verify(info, hmac, [key]), { base_id, parent_id: base_id, hmac_key: key });
});

test('the ids that are asked for are signed', async () => {
  const [base_id, parent_id] = [newId(), newId().toUpperCase()];
  const end = await ostrace(['sign', '--profile', key, '--base-id', base_id, '--parent-id', parent_id]);
  const [, info, hmac] =
    /^X-Trace-Info: (\S+)\nX-Trace-HMAC: (\S+)\nX-Trace-Time: \S+\n$/.exec(end.stdout) ?? [];
  assert.deepEqual(verify(info, hmac, [key]), { base_id, parent_id, hmac_key: key });
});

test('the key comes from the option, else OSTRACE_PROFILE, else the first of OSTRACE_HMAC_KEYS', async () => {
  const env = { OSTRACE_PROFILE: 'second', OSTRACE_HMAC_KEYS: 'third,fourth' };
  const { OSTRACE_PROFILE: _, ...keysOnly } = env;
  for (const [args, given, expected] of [
    [['--profile', 'first'], env, 'first'],
    [[], env, 'second'],
    [[], keysOnly, 'third'],
  ] as const) {
    const { stdout } = await ostrace(['sign', ...args], { env: given });
    const [, info, hmac] = /Info: (\S+)\n.*HMAC: (\S+)/.exec(stdout) ?? [];
    assert.notEqual(verify(info, hmac, [expected]), undefined, expected);
  }
});

// ---- request

interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly trace: { readonly base_id: string; readonly parent_id: string };
}

async function echo(args: readonly string[], options?: Options): Promise<Echo> {
  const end = await ostrace(['request', '--profile', key, ...args], options);
  assert.equal(end.code, 0, end.stderr);
  const echoed = JSON.parse(end.stdout) as Echo;
  // How long it took is said beside the id.
  assert.match(
    end.stderr,
    new RegExp(
      `^trace ${echoed.trace.base_id}\nanswered 200 in [\\d.]+ [mµ]?s, its head after [\\d.]+ [mµ]?s\n$`,
    ),
  );
  return echoed;
}

test('a request is signed, and its response and the id of its trace are printed', async () => {
  const { method, url, headers, trace } = await echo([`${origin}/echo?a=b%20c`]);
  assert.deepEqual([method, url, headers['accept']], ['GET', '/echo?a=b%20c', '*/*']);
  assert.equal(trace.parent_id, trace.base_id);
});

test('a URL needs no scheme and may hold credentials', async () => {
  const { headers } = await echo([`${origin.replace('http://', 'me:se%20cret@')}/echo`]);
  assert.equal(headers['authorization'], `Basic ${Buffer.from('me:se cret').toString('base64')}`);
});

test('-X, -H and -d mean what they mean to curl', async (context) => {
  const posted = await echo(['-d', 'a=1', '-d', 'b=2', `${origin}/echo`]);
  assert.deepEqual([posted.method, posted.body], ['POST', 'a=1&b=2']);
  assert.equal(posted.headers['content-type'], 'application/x-www-form-urlencoded');
  assert.equal(posted.headers['content-length'], '7');

  const put = await echo([
    '-X',
    'PUT',
    '-H',
    'content-type: application/json',
    '--data={"ü":1}',
    `${origin}/echo`,
  ]);
  assert.deepEqual(
    [put.method, put.body, put.headers['content-type']],
    ['PUT', '{"ü":1}', 'application/json'],
  );

  const file = join(scratch(context), 'body');
  writeFileSync(file, 'line one\r\nline two\n');
  assert.equal((await echo(['-d', `@${file}`, `${origin}/echo`])).body, 'line oneline two');
  assert.equal((await echo(['-d', '@-', `${origin}/echo`], { input: 'from stdin\n' })).body, 'from stdin');

  const custom = await echo([
    '-H',
    'X-A: 1',
    '-H',
    'x-a:2',
    '-H',
    'Accept:',
    '-H',
    'Host: shop',
    `${origin}/echo`,
  ]);
  assert.deepEqual([custom.headers['x-a'], custom.headers['host']], ['1, 2', 'shop']);
  assert.equal('accept' in custom.headers, false);
});

test('a copied trace header does not stand in the way of ours', async () => {
  const { trace } = await echo(['-H', 'x-trace-info: abc', '-H', 'X-Trace-HMAC: def', `${origin}/echo`]);
  assert.equal(trace.parent_id, trace.base_id);
});

test('-i prints the status and the headers first', async () => {
  const { stdout } = await ostrace(['request', '--profile', key, '-i', `${origin}/nowhere`]);
  assert.match(stdout, /^HTTP\/1\.1 404 Not Found\n(?:[\w-]+: .*\n)+\nnot here\n$/);
  const { stdout: several } = await ostrace(['request', '--profile', key, '-i', `${origin}/echo`]);
  assert.match(several, /^X-Answer: one\nX-Answer: two$/m);
});

test('--show prints the trace below the response', async (context) => {
  const { connection } = store(context);
  const url = `${origin}/traced?store=${connection}`;
  const startedAt = performance.now();
  const args = ['request', '--profile', key, '--show', '--wait', '60', '--connection-string', connection];
  const end = await ostrace([...args, url]);
  assert.ok(performance.now() - startedAt < 30_000, 'it does not wait for what is complete');
  assert.equal(end.code, 0, end.stderr);
  const [body, blank, title, summary] = end.stdout.split('\n');
  assert.deepEqual([body, blank], ['hello', '']);
  assert.ok(title?.startsWith(`trace ${idIn(end.stderr)} · `));
  assert.equal(summary, '2.50 ms · 1 point · shop');
  assert.match(end.stdout, / 2\.50 ms {2}100% .* shop +HTTP in {2}GET \/traced\n$/);
});

test('--show waits until the trace is complete', async (context) => {
  const { connection } = store(context);
  const url = `${origin}/late?store=${connection}`;
  const env = { OSTRACE_CONNECTION_STRING: connection, OSTRACE_PROFILE: key };
  const end = await ostrace(['request', '--show', url], { env });
  assert.match(end.stdout, /^2\.50 ms · 1 point · shop$/m);
});

test('--show marks what is unfinished when the time is up', async (context) => {
  const { connection } = store(context);
  const env = { OSTRACE_CONNECTION_STRING: connection, OSTRACE_PROFILE: key };
  const url = `${origin}/unfinished?store=${connection}`;
  const end = await ostrace(['request', '--show', '--wait', '0.5', url], { env });
  assert.equal(end.code, 0, end.stderr);
  assert.match(end.stdout, /1 point · 1 unfinished/);
  assert.match(end.stdout, /HTTP in {2}GET \/unfinished … unfinished\n$/);
  assert.match(end.stderr, /^ostrace: stopped waiting after 0\.5 s; /m);
});

test('when nothing arrives, --show says what to check', async (context) => {
  const { connection } = store(context);
  const args = ['--profile', 'another key', '--connection-string', connection, '--wait', '0.3', '--show'];
  const end = await ostrace(['request', ...args, `${origin}/traced?store=${connection}`]);
  assert.equal(end.code, 1);
  assert.ok(end.stdout.startsWith('hello\n'));
  const [first, answered, second, ...rest] = end.stderr.split('\n');
  assert.deepEqual([first, rest], [`trace ${idIn(end.stderr)}`, ['']]);
  assert.match(answered!, /^answered 200 in /);
  assert.match(
    second!,
    /^ostrace: no event of trace .* arrived in file:.* within 0\.3 s; check that .*OSTRACE_ENABLED=true/,
  );
  assert.match(
    second!,
    /OSTRACE_HMAC_KEYS has this key, and that its OSTRACE_CONNECTION_STRING names the same store/,
  );
});

test('a request that takes too long is given up, and --show shows what hangs', async (context) => {
  const { connection } = store(context);
  const env = { OSTRACE_CONNECTION_STRING: connection, OSTRACE_PROFILE: key };
  const url = `${origin}/hangs?store=${connection}`;
  const end = await ostrace(['request', '--timeout', '0.4', '--wait', '0.4', '--show', url], { env });
  assert.equal(end.code, 1);
  assert.match(end.stderr, /\nostrace: http:.*\/hangs took longer than 0\.4 s; --timeout sets the limit\n$/);
  assert.match(end.stdout, /HTTP in {2}GET \/hangs … unfinished\n$/);
});

test('a response that breaks off is one clear line', async () => {
  const end = await ostrace(['request', '--profile', key, `${origin}/breaks`]);
  assert.deepEqual([end.code, end.stdout], [1, 'half']);
  assert.match(end.stderr, /^trace .*\nostrace: the response of http:.*\/breaks broke off: .*\n$/);
});

// ---- run

/** What `env -0` printed: no Node program, in which the agent would take its variables for itself. */
function environmentIn(stdout: string): Partial<Record<string, string>> {
  return Object.fromEntries(stdout.split('\0').map((each) => each.split(/=(.*)/s, 2)));
}

test('run hands the program the agent and a signed context, and nothing else changes', async (context) => {
  const folder = scratch(context);
  const env = { OSTRACE_PROFILE: key, NODE_OPTIONS: '--no-warnings', OTHER: 'x', OSTRACE_SERVICE: 'mine' };
  const end = await ostrace(['run', '--', 'env', '-0'], { env, cwd: folder });
  assert.equal(end.code, 0, end.stderr);
  const given = environmentIn(end.stdout);
  const base_id = idIn(end.stderr);
  assert.equal(given['NODE_OPTIONS'], `--no-warnings --require "${projectFolder}/dist/register.js"`);
  assert.deepEqual(
    [given['OSTRACE_ENABLED'], given['OSTRACE_PROFILE'], given['OTHER'], given['OSTRACE_SERVICE']],
    ['true', key, 'x', 'mine'],
  );
  assert.equal(given['OSTRACE_CONNECTION_STRING'], `file://${folder}/.ostrace`);
  assert.deepEqual(verify(given['OSTRACE_TRACE_INFO'], given['OSTRACE_TRACE_HMAC'], [key]), {
    base_id,
    parent_id: base_id,
    hmac_key: key,
  });
});

test('run works where the path of the package has blanks, quotes and backslashes', async (context) => {
  const folder = join(scratch(context), 'it is "odd" \\ here');
  mkdirSync(folder);
  symlinkSync(join(projectFolder, 'dist'), join(folder, 'dist'));
  symlinkSync(join(projectFolder, 'package.json'), join(folder, 'package.json'));
  const odd = join(folder, 'dist/src/cli/main.js');
  const args = ['--preserve-symlinks-main', '--preserve-symlinks', odd, 'run', '--profile', key, '--'];
  const code = 'process.stdout.write(process.env.NODE_OPTIONS)';
  const { stdout, stderr, status } = spawnSync(process.execPath, [...args, process.execPath, '-e', code], {
    encoding: 'utf8',
    cwd: folder,
  });
  // Node has found the preload, or it would not have started.
  assert.equal(status, 0, stderr);
  assert.match(stdout, /it is \\"odd\\" \\\\ here/);
});

test('run --show prints the trace of the program, made by the agent', async (context) => {
  const { connection } = store(context);
  const code = `require('node:http').get('${origin}/nowhere', (res) => res.resume());`;
  const args = [
    '--profile',
    key,
    '--show',
    '--connection-string',
    connection,
    '--',
    process.execPath,
    '-e',
    code,
  ];
  const end = await ostrace(['run', ...args], { env: { OSTRACE_EXIT_TIMEOUT: '20000' } });
  assert.equal(end.code, 0, end.stderr);
  assert.ok(end.stdout.startsWith(`trace ${idIn(end.stderr)} · `), end.stdout);
  assert.match(end.stdout, / process {2}/);
  assert.match(end.stdout, /[├└]─ HTTP out {2}GET 127\.0\.0\.1:\d+\/nowhere → 404/);
});

test('run --show says what to check when the program was no Node program', async (context) => {
  const { connection } = store(context);
  const args = ['--profile', key, '--show', '--wait', '0.2', '--connection-string', connection, '--', 'true'];
  const end = await ostrace(['run', ...args]);
  assert.equal(end.code, 1);
  assert.match(end.stderr, /\nostrace: no event of trace .* check that the program is a Node.js program/);
});

test('run gives the program its stdin and takes its exit code and output', async () => {
  const code = `process.stdin.pipe(process.stdout); console.error('to stderr'); process.exitCode = 42`;
  const end = await ostrace(['run', '--profile', key, '--', process.execPath, '-e', code], {
    input: 'typed',
  });
  assert.deepEqual([end.code, end.stdout], [42, 'typed']);
  assert.match(end.stderr, /^trace .*\nto stderr\n$/);
});

test('run ends by the signal that ended the program', async () => {
  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGABRT'] as const) {
    const end = await ostrace(['run', '--profile', key, '--', 'sh', '-c', `kill -${signal.slice(3)} $$`]);
    assert.deepEqual([end.code, end.signal], [null, signal]);
  }
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`run passes ${signal} on, and the program decides what it means`, async () => {
    const code = `
      process.on('${signal}', () => { console.log('got it'); setTimeout(() => process.exit(7), 200); });
      setTimeout(() => process.exit(9), 20_000);
      console.log('ready');`;
    const end = await ostrace(['run', '--profile', key, '--', process.execPath, '-e', code], {
      onStart: (child) => child.stdout?.once('data', () => child.kill(signal)),
    });
    assert.deepEqual([end.code, end.signal, end.stdout], [7, null, 'ready\ngot it\n']);
    const without = `setTimeout(() => {}, 20_000); console.log('ready')`;
    const killed = await ostrace(['run', '--profile', key, '--', process.execPath, '-e', without], {
      onStart: (child) => child.stdout?.once('data', () => child.kill(signal)),
    });
    assert.deepEqual([killed.code, killed.signal], [null, signal]);
  });
}

// ---- trace list and trace show

test('the default store is .ostrace in the working directory', async (context) => {
  const cwd = scratch(context);
  save(`file://${cwd}/.ostrace`, shopTrace());
  assert.match((await ostrace(['trace', 'list'], { cwd })).stdout, /^7253ca8c-/m);
  const relative = await ostrace(['trace', 'list', '--connection-string', 'file://.ostrace'], { cwd });
  assert.match(relative.stdout, /^7253ca8c-/m);
});

test('a trace is shown as a tree, uncut and without colours where it is piped', async (context) => {
  const trace = newId();
  const { connection } = store(context, shopTrace(trace));
  const end = await ostrace(['trace', 'show', trace, '--connection-string', connection]);
  assert.deepEqual([end.code, end.stderr], [0, '']);
  assert.match(end.stdout, /│ {2}└─ sql {2}SELECT id, total FROM orders WHERE id = \$1 · 1 row\n/);
  assert.match(end.stdout, /✗ TypeError: x is not a function\n/);
  assert.ok(!end.stdout.includes('\u001b'));
  const upper = await ostrace(['trace', 'show', trace.toUpperCase(), '--connection-string', connection]);
  assert.equal(upper.stdout, end.stdout);
});

test('--json is OSProfiler’s report of the events in the order stored', async (context) => {
  const trace = newId();
  const { connection } = store(context, shopTrace(trace));
  const show = ['trace', 'show', '--json', trace, '--connection-string', connection];
  const alone = await ostrace([...show, '--no-findings']);
  assert.equal(alone.stdout, [...stringifyReport(buildReport(shopTrace(trace)))].join(''));
  assert.ok(alone.stdout.startsWith('{\n  "info": {\n    "name": "total",\n'));
  const end = await ostrace(show);
  const { findings, critical_path, ...report } = JSON.parse(end.stdout) as Record<string, unknown[]>;
  assert.deepEqual(report, JSON.parse(alone.stdout));
  assert.ok(end.stdout.startsWith(alone.stdout.slice(0, -3)), 'its keys stand after those of OSProfiler');
  assert.deepEqual(Object.keys(Object(findings?.[0])), [
    'kind',
    'sentence',
    'explains_ms',
    'share',
    'wins_ms',
    'points',
    'advice',
  ]);
  assert.ok(critical_path!.length > 0);
});

test('trace show begins with three findings; --findings prints all, and --no-findings none', async (context) => {
  const trace = newId();
  const failures = ['a', 'b', 'c', 'd'].flatMap((name) =>
    eventsOf({
      name: 'db',
      id: name,
      trace,
      parent: 'in',
      start: 30_000,
      stop: 31_000,
      startInfo: { db: { system: name } },
      stopInfo: { etype: `Error${name}`, message: 'failed' },
    }),
  );
  const { connection } = store(context, [...shopTrace(trace), ...failures]);
  const show = (...options: string[]): ReturnType<typeof ostrace> =>
    ostrace(['trace', 'show', trace, '--connection-string', connection, ...options]);
  const numbered = async (...options: string[]): Promise<number> =>
    (await show(...options)).stdout.split('\n').filter((line) => /^\d+\. /.test(line)).length;
  assert.equal(await numbered(), 3);
  assert.match((await show()).stdout, /\n {3}3 more findings: --findings shows all\.\n/);
  assert.equal(await numbered('--findings'), 6);
  assert.equal(await numbered('--no-findings'), 0);
  const both = await show('--findings', '--no-findings');
  assert.equal(both.code, 1);
  assert.match(both.stderr, /--findings and --no-findings exclude each other/);
});

test('lines that are no events are counted on stderr, and none of them reaches the terminal', async (context) => {
  const trace = newId();
  const evil = '\u001b]0;owned\u0007\u001b[2J\u009b1m';
  const startInfo = { request: { method: evil, path: `/${evil}`, query: evil } };
  const stopInfo = { etype: evil, message: evil };
  const events = eventsOf({
    name: `wsgi${evil}`,
    id: '1',
    trace,
    service: evil,
    start: 1,
    stop: 9,
    startInfo,
    stopInfo,
  });
  const { folder, connection } = store(context, events);
  appendFileSync(join(folder, `${trace}.jsonl`), `{"name":"torn\n\n${evil}\n`);
  for (const args of [[], ['--json']]) {
    const end = await ostrace(['trace', 'show', trace, ...args, '--connection-string', connection]);
    assert.equal(end.code, 0);
    assert.match(
      end.stderr,
      /^ostrace: skipped 2 lines of trace .*: torn by a crash, or written by something else\n$/,
    );
    assert.match(end.stdout, /^(?:[^\p{Cc}]|\n)*$/u);
  }
  const typed = await ostrace(['trace', 'show', evil, '--connection-string', connection]);
  isProblem(typed, /is not a trace id/);
  assert.match(typed.stderr, /^(?:[^\p{Cc}]|\n)*$/u);
});

test('whoever reads only the head of the output is not told of a broken pipe', async (context) => {
  const trace = newId();
  const events = Array.from({ length: 20_000 }, (_, i) =>
    eventsOf({ name: 'p', id: `${i}`, trace, start: i }),
  ).flat();
  const { connection } = store(context, events);
  for (const args of [[], ['--json']]) {
    const command = [process.execPath, main, 'trace', 'show', trace, ...args]
      .map((arg) => `'${arg}'`)
      .join(' ');
    const { stdout, stderr } = spawnSync('sh', ['-c', `${command} | head -n 1`], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], OSTRACE_CONNECTION_STRING: connection },
    });
    assert.deepEqual([stdout.split('\n').length, stderr], [2, '']);
  }
});

/** Runs a command on a terminal of its own; part of every Debian. */
const terminal = 'script';
const hasTerminal = spawnSync(terminal, ['--version']).status === 0;

test(
  'a terminal gets colours and its width, unless NO_COLOR is set',
  { skip: !hasTerminal },
  async (context) => {
    const trace = newId();
    const { connection } = store(context, shopTrace(trace));
    const show = (env: Record<string, string>): string => {
      const command = `stty cols 72; '${process.execPath}' '${main}' trace show ${trace}`;
      const { stdout } = spawnSync(terminal, ['-qec', command, '/dev/null'], {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], OSTRACE_CONNECTION_STRING: connection, TERM: 'xterm', ...env },
      });
      return stdout.replaceAll('\r', '');
    };
    assert.ok(show({}).includes('\u001b[31m✗ TypeError'));
    const plain = show({ NO_COLOR: '1' });
    assert.ok(!plain.includes('\u001b'), plain);
    assert.match(plain, /HTTP in {2}GET/);
    for (const line of plain.split('\n')) assert.ok([...line].length <= 72, line);
  },
);
