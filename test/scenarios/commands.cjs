// Starts commands in each of the ways that there are; prints what came back.
const { profiler } = require('ostrace');

module.exports = async function commands({
  childProcess: { exec, execFile, execFileSync, execSync, fork, spawn, spawnSync },
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
