// Starts commands in each of the ways that there are; prints what came back.
const { profiler } = require('ostrace');

module.exports = async function commands({
  childProcess: { ChildProcess, exec, execFile, execFileSync, execSync, fork, spawn, spawnSync },
  promisify,
}) {
  const results = {};
  const way = async (name, body) => {
    results[name] = await profiler.trace(name, async () => {
      try {
        return await body();
      } catch (error) {
        return `${error.constructor.name} ${error.code ?? error.status}`;
      }
    });
  };
  const closed = (child) =>
    new Promise((resolve, reject) =>
      child.on('error', reject).on('close', (code, signal) => resolve([code, signal])),
    );
  const node = process.execPath;
  const options = { env: { ...process.env } };
  const given = JSON.stringify(options);

  await way('spawn', () => closed(spawn('true', ['--secret=1'])));
  await way('spawn, exit code', () => closed(spawn('sh', ['-c', 'exit 3'])));
  await way('spawn, shell', () => closed(spawn('PASSWORD=x true', { shell: true })));
  await way('spawn, signal', () => {
    const child = spawn('sleep', ['10']);
    setTimeout(() => child.kill('SIGTERM'), 20);
    return closed(child);
  });
  await way('spawn, missing', () => closed(spawn('no-such-command')));
  await way('spawn, aborted', () => closed(spawn('sleep', ['10'], { signal: AbortSignal.timeout(20) })));
  await way('exec', () => promisify(exec)('echo out; echo err >&2'));
  await way('execFile', () => promisify(execFile)('echo', ['out']));
  await way(
    'execFile, callback',
    () => new Promise((resolve) => execFile('sh', ['-c', 'exit 2'], (error) => resolve(error.code))),
  );
  await way('spawnSync', () => {
    const { status, stdout } = spawnSync('echo', ['out'], options);
    return [status, String(stdout)];
  });
  await way('spawnSync, missing', () => spawnSync('no-such-command').error.code);
  await way('execFileSync', () => String(execFileSync('echo', ['out'])));
  await way('execFileSync, options', () => execFileSync('pwd', { cwd: '/', encoding: 'utf8' }));
  await way('execFileSync, failing', () => execFileSync('sh', ['-c', 'exit 4'], { stdio: 'ignore' }));
  await way('execSync', () => execSync('echo out', { encoding: 'utf8' }));
  await way('fork', () => closed(fork(__filename, ['child'])));
  await way('spawn, node', () => closed(spawn(node, [...process.execArgv, __filename, 'child'], options)));
  await way('execFileSync, node', () => void execFileSync(node, [...process.execArgv, __filename, 'child']));
  // What Node sees of odd arguments, it sees with the agent as well.
  const encoding = 'utf8';
  const inherited = Object.assign(Object.create({ INHERITED: 'inherited' }), { OWN: 'own' });
  await way('execSync, inherited environment', () =>
    execSync('echo $INHERITED $OWN', { encoding, env: inherited }),
  );
  await way('execSync, no environment', () => execSync('echo $HOME', { encoding, env: false }));
  await way('execFileSync, inherited options', () =>
    String(execFileSync('sh', ['-c', 'echo err >&2'], Object.create({ stdio: 'ignore' }))),
  );
  await way('spawnSync, inherited options', () =>
    String(spawnSync('sh', ['-c', 'echo $HOME'], Object.create({ env: { HOME: 'inherited' } })).stdout),
  );
  let calls = 0;
  await way('spawnSync, getter', () => {
    const lazy = {
      get cwd() {
        calls++;
        return '/usr';
      },
    };
    return [String(spawnSync('pwd', lazy).stdout), calls];
  });
  await way('spawnSync, two options', () => spawnSync('pwd', { cwd: '/usr', encoding }, { cwd: '/' }).stdout);
  await way('spawnSync, null arguments', () => spawnSync('echo', null, { encoding }).stdout);
  await way('spawnSync, null options', () => spawnSync('echo', [], null));
  await way('spawnSync, nothing', () => {
    try {
      return spawnSync();
    } catch (error) {
      return error.message;
    }
  });
  await way('ChildProcess, wrong arguments', () => new ChildProcess().spawn({ file: 'echo', args: 5 }));
  await way('ChildProcess, wrong environment', () => {
    const child = new ChildProcess();
    child.spawn({ file: 'true', envPairs: [5] });
    return closed(child);
  });
  results.options = JSON.stringify(options) === given;
  results.env = Object.keys(process.env).filter((name) => name.startsWith('OSTRACE_TRACE_INFO'));
  console.log(JSON.stringify(results));
};

if (require.main === module) {
  if (process.argv[2] === 'child') profiler.trace('in the child', () => {});
  else
    module.exports({
      childProcess: require('node:child_process'),
      promisify: require('node:util').promisify,
    });
}
