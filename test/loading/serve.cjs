// The application of the tests of loading: one request does all that the agent sees. Each form of an
// application (test/loading/forms) gets the modules in a way of its own and gives them to this one; without
// `execFile` or `Worker` it starts no command or thread.
module.exports = function serve({ createServer, get, execFile, Worker, Pool, createPool, isQuiet = false }) {
  // Some forms have more than one copy of a driver.
  const pools = [Pool].flat().map((Class) => new Class({ max: 2 }));
  const mysqlPools = [createPool].flat().map((create) =>
    create({
      host: process.env.MYSQL_HOST,
      port: Number(process.env.MYSQL_PORT),
      user: process.env.MYSQL_USER,
      password: process.env.MYSQL_PASSWORD,
      database: process.env.MYSQL_DATABASE,
      connectionLimit: 2,
      disableEval: process.execArgv.includes('--disallow-code-generation-from-strings'),
    }),
  );

  async function work(base) {
    const said = [];
    for (const pool of pools) said.push((await pool.query('SELECT $1::int AS n', [1])).rows[0].n);
    for (const pool of mysqlPools) {
      const rows = await new Promise((resolve, reject) =>
        pool.query('SELECT ? AS n', [2], (error, result) => (error ? reject(error) : resolve(result))),
      );
      said.push(rows[0].n);
    }
    said.push(
      await new Promise((resolve, reject) => get(`${base}/inner`, readAll(resolve)).on('error', reject)),
    );
    if (execFile !== undefined) said.push(await runCommand());
    if (Worker !== undefined) said.push(await runThread());
    return said;
  }

  function runCommand() {
    return new Promise((resolve, reject) =>
      execFile('echo', ['command'], (error, stdout) => (error ? reject(error) : resolve(stdout.trim()))),
    );
  }

  async function runThread() {
    const text = 'process.getBuiltinModule("node:worker_threads").parentPort.postMessage("thread")';
    const thread = new Worker(text, { eval: true });
    const ended = new Promise((resolve) => thread.on('exit', resolve));
    const said = await new Promise((resolve, reject) => {
      // Under `--watch` Node 24 and newer send objects of their own: which files the thread has loaded.
      thread.on('message', (message) => message === 'thread' && resolve(message));
      thread.on('error', reject);
    });
    await ended;
    return said;
  }

  async function end(response) {
    response.end();
    server.close();
    server.closeAllConnections();
    await Promise.all([...pools, ...mysqlPools.map((pool) => pool.promise())].map((pool) => pool.end()));
  }

  const server = createServer(async (request, response) => {
    try {
      if (request.url === '/inner') response.end('inner');
      else if (request.url === '/end') await end(response);
      else response.end(JSON.stringify(await work(`http://127.0.0.1:${server.address().port}`)));
    } catch (error) {
      response.statusCode = 500;
      response.end(String(error.stack));
    }
  });
  // Without a host it listens at once, and its port is known to the caller.
  server.listen(0, () => isQuiet || console.log(server.address().port));
  return server;
};

function readAll(done) {
  return (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    response.on('end', () => done(text));
  };
}
