// Set-ups that are broken in one way each: `ostrace doctor` names the way, and no other.
// needs: agent
import assert from 'node:assert/strict';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';

import {
  type Report,
  application,
  examine,
  good,
  hints,
  installEmpty,
  problems,
  program,
  service,
  shell,
} from './fixtures/doctor.js';
import { freePort } from './services/scratch.js';
import { modulePreload, preload, projectFolder, scratch } from './scenario.js';

/** For `--wait`: so many seconds a program may take to start, on a machine that is busy too. */
const patience = '5';

const node = process.execPath;
const off = { OSTRACE_HMAC_KEYS: good.OSTRACE_HMAC_KEYS };
const all = 'X-Trace-Info, X-Trace-HMAC and X-Trace-Time';

/** The names alone of what was found, and one of the lines. */
function named(report: Report, says: RegExp, ...names: readonly string[]): void {
  const found = problems(report);
  const list = found.join('\n') || 'no problem';
  assert.ok(
    found.some((each) => says.test(each)),
    list,
  );
  assert.deepEqual(
    found.map((each) => each.split(':', 1)[0]),
    names,
    list,
  );
  assert.equal(report.ok, false);
}

/** A proxy in front of a port, which passes on what a function leaves of the headers. */
async function proxy(
  t: TestContext,
  port: number,
  leave: (headers: NodeJS.Dict<string | string[]>) => NodeJS.Dict<string | string[]>,
): Promise<string> {
  const server = createServer((incoming, response) => {
    const outgoing = request(
      { port, host: '127.0.0.1', path: incoming.url, headers: leave(incoming.headers) },
      (answer) => {
        response.writeHead(answer.statusCode ?? 500);
        answer.pipe(response);
      },
    );
    outgoing.on('error', () => incoming.destroy());
    outgoing.end();
  }).listen(0, '127.0.0.1');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const without =
  (...names: readonly string[]) =>
  (headers: NodeJS.Dict<string | string[]>): NodeJS.Dict<string | string[]> =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));

test('1. a wrong key', async (t) => {
  const { file, url } = await application(t, '');
  const command = ['--', node, '--require', preload, file];
  const args = ['--wait', '3', '--profile', 'third-secret', '--url', url, ...command];
  const report = await examine(t, { env: good }, ...args);
  const says =
    /^request: 1 trace header was refused: none of the keys .* signed it, or it is damaged; it arrived unchanged, so the program does not have the key that doctor signs with$/;
  named(report, says, 'request', 'request');
});

for (const [what, env, says] of [
  ['not set', {}, 'is not set'],
  ['false', { OSTRACE_ENABLED: 'false' }, 'is "false"'],
  ['a word that means nothing', { OSTRACE_ENABLED: 'ture' }, 'is "ture"'],
] as const) {
  for (const load of [preload, modulePreload]) {
    test(`2. not enabled: OSTRACE_ENABLED is ${what}, ${load.slice(-3)}`, async (t) => {
      const flag = load === preload ? '--require' : '--import';
      const command = ['--', node, flag, load, program(t, '')];
      const report = await examine(t, { env: { ...off, ...env } }, '--wait', '60', ...command);
      const expected = `program: no agent ran in the program: OSTRACE_ENABLED ${says} there, expected true; the preload was loaded by ${flag} on the command line`;
      assert.deepEqual(problems(report), [expected]);
    });
  }
}

for (const [variable, meant] of [
  ['OSTRACE_HMAC_KEY', 'OSTRACE_HMAC_KEYS'],
  ['OSTRACE_ENABLE', 'OSTRACE_ENABLED'],
  ['OSTRCE_ENABLED', 'OSTRACE_ENABLED'],
  ['OS_TRACE_ENABLED', 'OSTRACE_ENABLED'],
  ['OSTRACE-ENABLED', 'OSTRACE_ENABLED'],
  ['ostrace_enabled', 'OSTRACE_ENABLED'],
  ['OSTRACE_CONECTION_STRING', 'OSTRACE_CONNECTION_STRING'],
] as const) {
  test(`3. a typo in a variable: ${variable}`, async (t) => {
    const env = { ...good, [meant]: undefined, [variable]: 'true' };
    const report = await examine(
      t,
      { env },
      '--wait',
      '60',
      '--',
      node,
      '--require',
      preload,
      program(t, ''),
    );
    const says = new RegExp(`^setting: ${variable} is not a setting \\(did you mean ${meant}\\?\\)`);
    assert.equal(hints(report).filter((hint) => says.test(hint)).length, 1, hints(report).join('\n'));
  });
}

test('3. a typo in a variable that the program alone has', async (t) => {
  const start = program(
    t,
    `
    require('node:child_process').execFileSync(process.execPath, ['--require', ${JSON.stringify(preload)}, '-e', '0'], {
      env: { ...process.env, OSTRACE_HMAC_KEYS: '', OSTRACE_HMAC_KEYZ: 'x' } });`,
  );
  const report = await examine(t, { env: good }, '--wait', '60', '--', node, start);
  const says =
    'setting: in the program, OSTRACE_HMAC_KEYZ is not a setting (did you mean OSTRACE_HMAC_KEYS?)';
  assert.ok(
    hints(report).some((hint) => hint.startsWith(says)),
    hints(report).join('\n'),
  );
  named(report, /^keys: OSTRACE_HMAC_KEYS is empty in the program$/, 'keys');
});

test('4. no preload', async (t) => {
  const { file, url } = await application(t, '');
  const report = await examine(t, { env: good }, '--wait', patience, '--url', url, '--', node, file);
  const says =
    /^program: no agent ran in the program: nothing preloads ostrace\/register in process \d+ \(.*app\.cjs\); start it with node --import ostrace\/register/;
  named(report, says, 'request', 'program');
});

test('4. no preload, as something between drops NODE_OPTIONS', async (t) => {
  const { file, url } = await application(t, '');
  const env = { ...good, NODE_OPTIONS: `--require ${preload}` };
  const report = await examine(
    t,
    { env },
    '--wait',
    patience,
    '--url',
    url,
    '--',
    'env',
    '-u',
    'NODE_OPTIONS',
    node,
    file,
  );
  named(
    report,
    /: ostrace\/register is given as a preload, but did not run in process \d+ .*NODE_OPTIONS/,
    'request',
    'program',
  );
});

test('5. a late preload, in CommonJS and by hoisted imports', async (t) => {
  const folder = scratch(t);
  symlinkSync(join(projectFolder, 'node_modules'), join(folder, 'node_modules'));
  const early = {
    'app.cjs': `require('pg'); require(${JSON.stringify(preload)});`,
    'app.mjs': `import pg from 'pg'; import ${JSON.stringify(modulePreload)};`,
  };
  for (const [name, code] of Object.entries(early)) {
    writeFileSync(join(folder, name), code);
    const report = await examine(t, { env: good }, '--wait', '60', '--', node, join(folder, name));
    assert.deepEqual(problems(report), []);
    const says =
      /^preload: ostrace\/register was loaded by the application, after \d+ other files, pg among them: packages that were loaded before it are not traced, or not completely; preload ostrace\/register/;
    assert.ok(
      hints(report).some((hint) => says.test(hint)),
      `${name}: ${hints(report).join('\n')}`,
    );
  }
});

test('5. an .env file that the application reads after the preload', async (t) => {
  const late = `process.env.OSTRACE_CONNECTION_STRING = 'file:///elsewhere'; process.env.OSTRACE_ENABLED = 'true';`;
  const file = program(t, `${late} setTimeout(() => {}, 600);`);
  for (const [env, names] of [
    [good, ['setting']],
    [off, ['program', 'setting']],
  ] as const) {
    const report = await examine(t, { env }, '--wait', '60', '--', node, '--require', preload, file);
    const says =
      /^setting: in the program, (?:OSTRACE_ENABLED and )?OSTRACE_CONNECTION_STRING (?:was|were) set after the agent had started/;
    named(report, says, ...names);
  }
});

test('6. a bundled driver', async (t) => {
  const code = `const text = 'Client has already been connected. You cannot reuse a client.';`;
  const report = await examine(
    t,
    { env: good },
    '--wait',
    '60',
    '--',
    node,
    '--require',
    preload,
    program(t, code),
  );
  assert.deepEqual(problems(report), []);
  assert.match(
    hints(report).join('\n'),
    /^hooks: pg is bundled into .*app\.cjs: leave it out \(esbuild: --external:pg\)$/,
  );
});

test('7. a command in another folder than the service, whose store is a relative one', async (t) => {
  const { file, url } = await application(t, '');
  const [there, here] = [scratch(t), scratch(t)];
  const env = { ...good, OSTRACE_CONNECTION_STRING: undefined };
  await service(t, shell(t, env), ['--require', preload, file], there);
  const report = await examine(t, { env, cwd: here }, '--wait', patience, '--url', url);
  const says = `service: it stores in file://${there}/.ostrace, and this command looks in file://${here}/.ostrace: give both the same absolute folder in OSTRACE_CONNECTION_STRING, because a relative one is resolved in the folder in which each was started`;
  assert.deepEqual(problems(report).slice(1), [says]);
});

test('7. the same of a program that changes its folder before it starts', async (t) => {
  const { file, url } = await application(t, '');
  const [there, here] = [scratch(t), scratch(t)];
  const env = { ...good, OSTRACE_CONNECTION_STRING: undefined };
  const start = ['sh', '-c', `cd ${there} && exec ${node} --require ${preload} ${file}`];
  const report = await examine(t, { env, cwd: here }, '--wait', patience, '--url', url, '--', ...start);
  named(
    report,
    new RegExp(`^store: the program stores in file://${there}/\\.ostrace, and this command`),
    'request',
    'store',
  );
});

for (const [what, seconds, says] of [
  ['ahead', 100, 'ahead of'],
  ['behind', -100, 'behind'],
] as const) {
  test(`8. a clock that is ${what}`, async (t) => {
    const { file, url } = await application(t, '');
    const clock = join(dirname(file), 'clock.cjs');
    writeFileSync(clock, `const { now } = Date; Date.now = () => now() + ${seconds * 1000};`);
    const env = { ...good, OSTRACE_HMAC_MAX_AGE: '60' };
    const command = ['--', node, '--require', clock, '--require', preload, file];
    const report = await examine(t, { env }, '--wait', patience, '--url', url, ...command);
    const expected = new RegExp(
      `^request: 1 trace header was refused: it is older than OSTRACE_HMAC_MAX_AGE allows, or the clocks differ; it was signed just now, so the program's clock is (?:9\\d|10\\d) s ${says} the one here, and its OSTRACE_HMAC_MAX_AGE is 60$`,
    );
    named(report, expected, 'request', 'request');
  });
}

test('8. a clock that differs, by what a service answers', async (t) => {
  const { file, url } = await application(
    t,
    '',
    `response.setHeader('date', new Date(Date.now() + 500_000).toUTCString()); response.end()`,
  );
  const env = shell(t, { ...off, OSTRACE_HMAC_MAX_AGE: '60' });
  await service(t, env, [file]);
  const report = await examine(t, { env: good }, '--wait', '3', '--url', url);
  assert.match(
    problems(report).join('\n'),
    /^clock: the service's clock is (?:499|500) s ahead of the one here, by its Date header/m,
  );
});

const dropped = {
  'all headers': [
    without('x-trace-info', 'x-trace-hmac', 'x-trace-time'),
    `request: 1 request came to the program without a trace header: something in between drops it; a proxy, gateway or load balancer must let ${all} through`,
  ],
  'the ids': [
    without('x-trace-info'),
    `request: 1 trace header was refused: there is no X-Trace-Info beside it; it was sent, so something in between drops it: a proxy must let ${all} through`,
  ],
  'the signature': [
    without('x-trace-hmac'),
    `request: 1 trace header was refused: there is no X-Trace-HMAC beside it; it was sent, so something in between drops it: a proxy must let ${all} through`,
  ],
  'the time': [
    without('x-trace-time'),
    `request: 1 trace header was refused: OSTRACE_HMAC_MAX_AGE is set, and there is no X-Trace-Time beside it; it was sent, so something in between drops it: a proxy must let ${all} through`,
  ],
  'nothing, and changes one': [
    (headers: NodeJS.Dict<string | string[]>) => ({
      ...headers,
      'x-trace-info': String(headers['x-trace-info']).toLowerCase(),
    }),
    'request: 1 trace header was refused: none of the keys in OSTRACE_HMAC_KEYS signed it, or it is damaged; it was changed on its way, perhaps by a proxy',
  ],
} as const;

for (const [what, [leave, says]] of Object.entries(dropped)) {
  test(`9. a proxy that drops ${what}`, async (t) => {
    const { file, port } = await application(t, '');
    const url = await proxy(t, port, leave);
    const env = { ...good, OSTRACE_HMAC_MAX_AGE: '60' };
    const command = ['--', node, '--require', preload, file];
    // The proxy answers at once, with the connection broken, while the program starts.
    const report = await examine(t, { env }, '--wait', patience, '--url', url, ...command);
    assert.deepEqual(problems(report).slice(1), [says]);
  });
}

test('10. a store that is down, and a request', async (t) => {
  const { file, url } = await application(t, '');
  const port = await freePort();
  const env = { ...good, OSTRACE_CONNECTION_STRING: `redis://127.0.0.1:${port}` };
  for (const command of [[], ['--', node, '--require', preload, file]]) {
    if (command.length === 0)
      await service(t, { ...shell(t, env), OSTRACE_SPOOL: scratch(t) }, ['--require', preload, file]);
    const spooled = { ...env, OSTRACE_SPOOL: scratch(t) };
    const other = command.length === 0 ? url : undefined;
    const again = other === undefined ? await application(t, '') : undefined;
    const args = again === undefined ? command : [...command.slice(0, -1), again.file];
    const report = await examine(
      t,
      { env: spooled },
      '--wait',
      patience,
      '--url',
      again?.url ?? url,
      ...args,
    );
    const [store, asked, ...more] = problems(report);
    assert.match(store!, /^store: redis:\/\/127\.0\.0\.1:\d+: /);
    assert.match(asked!, /^request: answered 200, and the store cannot be read to see its trace: /);
    assert.deepEqual(more, []);
  }
});

test('10. a store of no scheme that is known, and no key to sign with, are findings as well', async (t) => {
  const url = `http://127.0.0.1:${await freePort()}/`;
  const unknown = { ...good, OSTRACE_CONNECTION_STRING: 'ftp://somewhere' };
  named(
    await examine(t, { env: unknown }, '--wait', '0.2', '--url', url),
    /^setting: OSTRACE_CONNECTION_STRING is "ftp:/,
    'setting',
  );
  named(await examine(t, {}, '--url', url), /^keys: there is no key to sign with/, 'keys');
});

test('11. a slow start is no missing agent', async (t) => {
  const { file, url } = await application(t, '');
  const slow = program(t, `setTimeout(() => require(${JSON.stringify(file)}), 60_000);`);
  const command = ['--', node, '--require', preload, slow];
  const report = await examine(t, { env: good }, '--wait', '1', '--url', url, ...command);
  const says =
    /^program: the program runs, and had not begun to listen after 1 s; --wait SECONDS waits longer$/;
  named(report, says, 'request', 'program');
});

test('11. nor is a start before the start, or a server on another port', async (t) => {
  const { file, url, port } = await application(t, '');
  const starts = ['--', 'sh', '-c', `sleep 60; exec ${node} ${file}`];
  const early = await examine(t, { env: good }, '--wait', '0.5', '--url', url, ...starts);
  named(
    early,
    /: no Node\.js process runs in it after 0\.5 s \(.*sleep.*\); if it starts slowly/,
    'request',
    'program',
  );
  const elsewhere = `http://127.0.0.1:${await freePort()}/`;
  const command = ['--', node, '--require', preload, file];
  const report = await examine(t, { env: good }, '--wait', patience, '--url', elsewhere, ...command);
  named(
    report,
    new RegExp(`^program: the program listens on ${port}, and not where the URL leads$`),
    'request',
    'program',
  );
});

test('11. nor is a program that ends, or fails, before it listens', async (t) => {
  const url = `http://127.0.0.1:${await freePort()}/`;
  for (const [code, says] of [
    ['', /^program: the program ended by itself, and nothing listened at the URL$/],
    ['process.exit(3)', /^program: the program ended with exit code 3$/],
  ] as const) {
    const command = ['--', node, '--require', preload, program(t, code)];
    const report = await examine(t, { env: good }, '--wait', patience, '--url', url, ...command);
    named(report, says, 'request', 'program');
  }
});

test('11. nor is an answer that comes late, or never', async (t) => {
  // The time that is left for the trace is not what the answer left of it.
  const { file, url } = await application(t, '', 'setTimeout(() => response.end(), 4000)');
  const command = ['--', node, '--require', preload, file];
  const late = await examine(t, { env: good }, '--wait', patience, '--url', url, ...command);
  assert.deepEqual(problems(late), []);
  const hangs = await application(t, '', '');
  const never = ['--', node, '--require', preload, hangs.file];
  const report = await examine(t, { env: good }, '--wait', patience, '--url', hangs.url, ...never);
  named(
    report,
    /^request: the answer of http:\/\/\S+ took longer than 5 s \(--wait SECONDS waits longer\), and its trace is in the store/,
    'request',
  );
});

/** pm2 as it starts a worker of its cluster mode: the settings are in one variable, and applied by its container. */
function pm2(t: TestContext, file: string, settings: object, nodeArgs: readonly string[]): string {
  const folder = scratch(t);
  const container = join(folder, 'ProcessContainer.js');
  writeFileSync(
    container,
    `const own = JSON.parse(process.env.pm2_env);
     Object.assign(process.env, own);
     delete process.env.pm2_env;
     require(own.pm_exec_path);`,
  );
  const own = { name: 'shop', pm_exec_path: file, pm_cwd: dirname(file), node_args: nodeArgs, ...settings };
  const daemon = join(folder, 'daemon.cjs');
  writeFileSync(
    daemon,
    `const cluster = require('node:cluster');
     cluster.setupPrimary({ exec: ${JSON.stringify(container)}, execArgv: ${JSON.stringify(nodeArgs)} });
     process.title = 'PM2 v7.0.4: God Daemon (/root/.pm2)';
     cluster.fork({ pm2_env: JSON.stringify(${JSON.stringify(own)}) });
     cluster.on('listening', () => console.log('listening'));`,
  );
  return daemon;
}

test("12. pm2's cluster mode takes part, as the service that pm2 knows", async (t) => {
  for (const args of [
    ['--require', preload],
    ['--import', modulePreload],
  ]) {
    const { file, url } = await application(t, '');
    const daemon = pm2(t, file, good, args);
    const report = await examine(t, { env: off }, '--url', url, '--wait', '20', '--', node, daemon);
    assert.deepEqual(problems(report), []);
    const { loaded, service: name, script } = report.process!;
    assert.deepEqual(
      [loaded, name, script],
      [`by ${args[0]} on the command line, in a worker of pm2's cluster mode`, 'shop', file],
    );
  }
});

test("12. pm2's command ends, and the worker goes on", async (t) => {
  const { file, url } = await application(t, '');
  const daemon = pm2(t, file, good, ['--require', preload]);
  const start = program(
    t,
    `const { spawn } = require('node:child_process');
     const daemon = spawn(process.execPath, [${JSON.stringify(daemon)}], { detached: true, stdio: 'ignore' });
     require('node:fs').writeFileSync(__filename + '.pid', String(daemon.pid));
     daemon.unref();`,
  );
  const report = await examine(t, {}, '--profile', 'first-secret', '--url', url, '--', node, start);
  process.kill(Number(readFileSync(`${start}.pid`, 'utf8')));
  assert.deepEqual([problems(report), report.process?.service], [[], 'shop']);
});

test("12. pm2's cluster mode with the preload in NODE_OPTIONS, which come too late there", async (t) => {
  const { file, url } = await application(t, '');
  const store = { OSTRACE_CONNECTION_STRING: `file://${scratch(t)}` };
  const settings = { ...good, ...store, NODE_OPTIONS: `--require ${preload}` };
  await service(t, shell(t, {}), [pm2(t, file, settings, [])]);
  const report = await examine(t, { env: { ...good, ...store } }, '--url', url, '--wait', '3');
  named(
    report,
    /^service: pm2's cluster mode \(-i, instances\) sets an application's NODE_OPTIONS too late for a preload: put '--require' and the whole path of ostrace\/register into its node_args$/,
    'request',
    'service',
  );
});

for (const [what, env, args, says] of [
  [
    'another key',
    { ...good, OSTRACE_HMAC_KEYS: 'third-secret' },
    ['--require', preload],
    /^service: its OSTRACE_HMAC_KEYS does not contain the key that doctor signs with$/,
  ],
  [
    'no agent',
    off,
    ['--require', preload],
    /^service: in the environment that it was started with, OSTRACE_ENABLED is not true: the agent is off$/,
  ],
  ['no preload', good, [], /^service: it does not preload ostrace\/register; start it with node --import/],
] as const) {
  test(`a service that runs already, with ${what}: what it was started with says so`, async (t) => {
    const { file, url } = await application(t, '');
    const store = { OSTRACE_CONNECTION_STRING: `file://${scratch(t)}` };
    await service(t, shell(t, { ...env, ...store }), [...args, file, '--password', 'third-secret\u001b[2J']);
    const report = await examine(t, { env: { ...good, ...store } }, '--wait', '3', '--url', url);
    named(report, says, 'request', 'service');
  });
}

test('libraries that are loaded and not seen are listed, of CommonJS and of ES modules', async (t) => {
  const folder = scratch(t);
  installEmpty(folder, 'iovalkey', 'rhea', 'express', 'mongodb');
  installEmpty(folder, 'postgres', 'left-pad');
  writeFileSync(
    join(folder, 'node_modules/postgres/package.json'),
    '{ "type": "module", "main": "index.js" }',
  );
  writeFileSync(join(folder, 'node_modules/postgres/index.js'), 'export default 1;');
  writeFileSync(
    join(folder, 'app.mjs'),
    `import 'express'; import 'iovalkey'; import 'rhea'; import 'postgres'; import 'left-pad';
     await import('mongodb'); setTimeout(() => {}, 1500);`,
  );
  const command = ['--', node, '--import', modulePreload, join(folder, 'app.mjs')];
  const report = await examine(t, { env: good }, '--wait', '60', ...command);
  assert.deepEqual(report.process!.unseen.toSorted(), ['iovalkey', 'mongodb', 'postgres', 'rhea']);
  assert.deepEqual(hints(report), [
    `hooks: ${report.process!.unseen.join(', ')} are loaded, and ostrace does not see their calls, so there are no points of them; profiler.trace() makes points of your code that calls them`,
  ]);
});

test('the process that serves is looked at, behind launchers and in clusters, and ends with them', async (t) => {
  const { file, url } = await application(t, '');
  const launcher = program(
    t,
    `require('node:child_process').spawn(process.execPath, [${JSON.stringify(file)}], { stdio: 'inherit' });`,
  );
  const cluster = program(
    t,
    `const cluster = require('node:cluster');
     if (cluster.isPrimary) cluster.fork(); else require(${JSON.stringify(file)});`,
  );
  const env = { ...good, NODE_OPTIONS: `--require ${preload}` };
  for (const start of [launcher, cluster]) {
    const report = await examine(t, { env }, '--wait', '10', '--url', url, '--', node, start);
    assert.deepEqual(problems(report), []);
    assert.deepEqual([report.process!.triggered, report.process!.requests], [1, 1]);
    await assert.rejects(fetch(url), 'what the launcher started goes on');
  }
});

for (const [what, head, scheme, refused, says] of [
  [
    'HTTP/2 without TLS',
    "require('node:http2').createServer()",
    'http',
    /what answers there does not speak HTTP\/1; check the scheme and the port$/,
    'does not speak this protocol there',
  ],
  [
    'HTTP without TLS',
    "require('node:http').createServer()",
    'https',
    /the server does not speak TLS there; check the scheme and the port$/,
    'does not speak this protocol there',
  ],
  [
    'nothing',
    "require('node:net').createServer((socket) => socket.on('error', () => {}).end())",
    'http',
    /socket hang up|ECONNRESET/,
    "gives no answer there; does it speak the URL's protocol?",
  ],
] as const) {
  test(`a server that speaks ${what} where the URL leads, which is ${scheme}`, async (t) => {
    const port = await freePort();
    const file = program(t, `${head}.listen(${port}, '127.0.0.1');`);
    const url = `${scheme}://127.0.0.1:${port}/`;
    const command = ['--', node, '--require', preload, file];
    const report = await examine(t, { env: good }, '--wait', patience, '--url', url, ...command);
    const [asked, found] = problems(report);
    assert.match(asked!, refused);
    assert.equal(found, `program: the program listens on ${port}, where the URL leads, and ${says}`);
    assert.equal(problems(report).length, 2);
  });
}

test('a server made of sockets alone is none that ostrace sees', async (t) => {
  const port = await freePort();
  const answer = "'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok'";
  const serve = `(socket) => socket.on('error', () => {}).on('data', () => socket.end(${answer}))`;
  const file = program(t, `require('node:net').createServer(${serve}).listen(${port}, '127.0.0.1');`);
  const url = `http://127.0.0.1:${port}/`;
  const command = ['--', node, '--require', preload, file];
  const report = await examine(t, { env: good }, '--wait', patience, '--url', url, ...command);
  const says =
    /^request: no request came to the program: its server is not Node's http or http2, and ostrace does not see it$/;
  named(report, says, 'request', 'request');
});

test('a preload behind the script is named as that', async (t) => {
  const file = program(t, 'setInterval(() => {}, 1000)');
  const options = ['--env-file-if-exists', 'no.env', '--no-warnings'];
  for (const args of [
    [file, '--require', preload],
    [...options, file, `--import=${modulePreload}`],
  ]) {
    const report = await examine(t, { env: good }, '--wait', '0.5', '--', node, ...args);
    const says =
      /^program: no agent ran in the program: ostrace\/register comes after the script, where Node\.js passes it to the application: put it before app\.cjs$/;
    named(report, says, 'program');
  }
});

test('a program that is not one of Node, and ends, is named as that', async (t) => {
  const script = join(scratch(t), 'start.sh');
  writeFileSync(script, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  for (const [command, what] of [
    ['/bin/true', '/bin/true is a binary'],
    [script, `${script} is a script for sh`],
  ] as const) {
    const report = await examine(t, { env: good }, '--wait', '0.5', '--', command);
    assert.deepEqual(problems(report), [
      `program: no agent ran in the program: ${what}, not a Node.js program, and it started none that loads ostrace/register`,
    ]);
  }
});

test('another process that answers at the URL is none of the program', async (t) => {
  const { file, url } = await application(t, '');
  await service(t, shell(t, {}), [file]);
  const idle = program(t, 'setInterval(() => {}, 1000)');
  const report = await examine(
    t,
    { env: good },
    '--wait',
    '5',
    '--url',
    url,
    '--',
    node,
    '--require',
    preload,
    idle,
  );
  named(
    report,
    /^request: no request came to the program: another process answers at that URL$/,
    'request',
    'request',
  );
});

test('settings that the program alone has count, and not those of the shell', async (t) => {
  const { file, url } = await application(t, '');
  const start = ['--', 'env', 'OSTRACE_ENABLED=true', `OSTRACE_HMAC_KEYS=${good.OSTRACE_HMAC_KEYS}`];
  const args = [
    '--profile',
    'first-secret',
    '--wait',
    '10',
    '--url',
    url,
    ...start,
    node,
    '--require',
    preload,
    file,
  ];
  const report = await examine(t, {}, ...args);
  assert.deepEqual([problems(report), hints(report).filter((hint) => !hint.startsWith('hooks'))], [[], []]);
});

test('where nothing tells which it is, all the reasons are named: proxies and clocks among them', async (t) => {
  const { file, port } = await application(t, '');
  const url = await proxy(t, port, without('x-trace-info', 'x-trace-hmac', 'x-trace-time'));
  const store = { OSTRACE_CONNECTION_STRING: `file://${scratch(t)}` };
  await service(t, shell(t, { ...good, ...store }), ['--require', preload, file]);
  const report = await examine(t, { env: { ...good, ...store } }, '--wait', '3', '--url', url);
  assert.match(
    hints(report).at(-1)!,
    /^service: a service makes no trace if it has no agent .*another key .*another store .*; if a proxy in between drops X-Trace-Info, X-Trace-HMAC or X-Trace-Time; or if its clock differs by more than its OSTRACE_HMAC_MAX_AGE$/,
  );
});
